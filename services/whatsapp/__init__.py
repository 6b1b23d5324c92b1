"""Messages by WhatsApp: Meta's Cloud API, and the thread that sends what the outbox has."""
