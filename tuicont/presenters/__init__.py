"""From the model's values to rows and text. Pure: nothing here knows a widget or asks the engine."""
