"""The load generator: a process of its own, so that its processor time can be told apart."""
