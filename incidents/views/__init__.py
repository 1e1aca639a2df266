"""The people's door: functions that ask one service once and answer with one page or one fragment."""
