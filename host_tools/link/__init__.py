"""The host's half of the link: frames, messages, transports and the device at the other end."""
