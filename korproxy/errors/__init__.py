"""Every error KorProxy raises on purpose: ``codes`` says what they mean, ``exceptions`` what is done about them."""
