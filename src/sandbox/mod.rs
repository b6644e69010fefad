//! The sandbox: an imitation of the Rocket.Chat server's integration endpoints.
