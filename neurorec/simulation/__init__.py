"""Networks run through trials; nothing is learnt."""
