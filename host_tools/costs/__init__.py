"""What the firmware costs on each instruction set: instructions, flash, memory, stack, energy (estimated)."""
