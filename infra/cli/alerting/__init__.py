"""Commands about alerts: following them up, and notifying people of them."""
