#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/base/log.h"
#include "gateway/http/head.h"

namespace tidegate::sites {

/// The request that a line of the diagnostics log is about. Views of the caller's.
struct Subject {
  const http::RequestHead* head = nullptr;
  std::string_view client;  ///< $remote_addr
  std::string_view server;  ///< $server_name
  std::string_view id;      ///< $request_id

  /// Writes `text` and, as nginx does behind every line about a request, whose it was: `, client: 127.0.0.1,
  /// server: example.com, request: "GET / HTTP/1.1", host: "example.com"`. Values of query arguments are not
  /// told.
  void complain(log::Level level, std::string_view text) const;
};

}  // namespace tidegate::sites
