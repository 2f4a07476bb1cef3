"""What the kinds of one vendor share: how to present the credential, and whose tenant it is."""
