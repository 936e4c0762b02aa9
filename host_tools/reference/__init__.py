"""The integer reference of the signal chain and the network, one file for one C file."""
