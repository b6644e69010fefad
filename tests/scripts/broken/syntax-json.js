// incoming: error script-syntax 2:9
{ "text": "hello", "n": 1 }
