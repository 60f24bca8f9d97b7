"""One request, from the client's wish to the provider and back. Knows Trio; knows neither Quart nor click nor pluggy."""
