"""The configuration: the home directory, korproxy.toml, secrets by reference. The only room that reads the environment."""
