#pragma once

#include <string>

#include "gateway/base/diagnostic.h"

namespace tidegate {

/// Says what goes wrong around the start of a process that runs from nginx's configuration: in the error log,
/// in nginx's form and with the time, and to who typed the command, unless that is the same place.
class Voice {
 public:
  /// How who typed the command is spoken to.
  enum class Manner {
    nginx,     ///< "nginx: [emerg] message in FILE:LINE"
    tidegate,  ///< "FILE:LINE:COLUMN: message"
  };
  explicit Voice(Manner manner) : manner_(manner) {}
  ~Voice() { leave_terminal(); }
  Voice(const Voice&) = delete;
  Voice& operator=(const Voice&) = delete;

  /// stderr is the log from now on. "stderr" changes nothing. False, and why, if the file cannot be opened.
  bool log_to(const std::string& path, std::string& problem);
  void leave_terminal();

  void say(const char* level, const std::string& message, bool to_terminal = true) const;
  void say_all(const Diagnostics& diagnostics) const;
  /// Never in the log.
  void tell(const std::string& message) const;

 private:
  bool is_apart() const { return terminal_ >= 0; }

  const Manner manner_;
  int terminal_ = -1;  ///< what stderr was, if it is the log now
};

}  // namespace tidegate
