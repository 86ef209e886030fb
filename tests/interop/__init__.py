"""Other people's software between the studio and the simulator: `make interop`."""
