"""Host side: reference, emulator, replay, parity, reports. Imports neither torch nor tensorflow."""
