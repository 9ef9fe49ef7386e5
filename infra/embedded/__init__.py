"""What one machine needs: a Kafka broker in a process of its own, and child processes."""
