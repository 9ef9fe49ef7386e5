"""The learned scorer: features, network, probabilities, explanations."""
