"""Host side of BitBeat: integer reference, emulator, replay, parity, reports. Imports neither torch nor tensorflow."""
