"""Why a beat got its class, and which beats got a wrong one."""
