"""An index behind an HTTP API and a web page: `semsearch serve`.

guard.py lets a request in or not; app.py has the routes, schemas.py what they take and give; engine.py asks the index;
plane.py draws the map; metrics.py counts; server.py listens. page/ is the web page.
"""
