"""What is new in a written message, without quotations and signatures."""
