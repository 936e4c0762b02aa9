"""Host side of BitBeat: reference, emulator, replay, parity, reports. Imports neither torch nor tensorflow."""
