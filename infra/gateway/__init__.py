"""The HTTP gateway: events, webhooks and recordings from systems that speak HTTP."""
