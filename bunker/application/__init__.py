"""The contract with the deployed application: environment, services, subdomains, Compose."""
