"""Emulated boards as a PlatformIO platform; builder/main.py does the work."""

from platformio.public import PlatformBase


class QemuPlatform(PlatformBase):
    """Boards that are flashed by starting QEMU."""

    def is_embedded(self):
        """Boards, not programs: they are uploaded to."""
        return True
