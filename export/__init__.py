"""From the hand-written constants and a checkpoint to C, Python parameters and test vectors."""
