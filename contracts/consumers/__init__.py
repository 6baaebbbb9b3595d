"""What clients ask, and how they read: held to the document as a service is."""
