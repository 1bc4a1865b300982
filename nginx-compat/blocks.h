#pragma once

#include "nginx-compat/work.h"

// What handlers in one file leave to another.

namespace tidegate::nginx {

/// `server` in an upstream, and the keepalive_* there.
void add_upstream_server(Work& work, const Directive& directive);
void set_upstream_keepalive(Work& work, const Directive& directive);

/// For a name that people read; not cut within a character.
std::string shortened(std::string text);

/// A new block within the one that is read; its index in the server.
std::size_t add_location(Work& work, const Directive& directive, conf::Location::Kind kind);
/// Reads the block of a location that add_location() made.
void walk_location(Work& work, const Directive& directive, std::size_t index, Context context,
                   conf::Script* script);

/// The words of ssl_protocols; TLS before 1.2 is not spoken.
void read_protocols(Work& work, const Directive& directive, Set<std::vector<conf::TlsVersion>>& value);

/// The server that has no `listen` gets nginx's.
void listen_by_default(Work& work, const Directive& directive);

}  // namespace tidegate::nginx
