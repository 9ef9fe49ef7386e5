"""The parts that make one machine enough: a broker in a process of its own, children's keep."""
