"""A stand-in for Evolution API 2.3.7 that keeps chats in memory, and a player of scripted chats on top of it.

    player.play(chat, target)  ->  evolution_server.EvolutionServer  ->  POST /webhook/cs-tickets  (the real bridge)
                                        ^ sendText, findMessages, ...  <-  stream.sender

It answers as Evolution does, odd answers included, so that nothing behind it can tell the difference. Tests use its
`mischief` to make it misbehave on demand.
"""

from __future__ import annotations
