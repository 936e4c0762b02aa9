"""The machine itself as a PlatformIO platform; builder/main.py does the work."""

from platformio.public import PlatformBase


class HostPlatform(PlatformBase):
    """The emulator: the firmware's main loop as a program."""

    def is_embedded(self):
        """It is uploaded to like a board."""
        return True
