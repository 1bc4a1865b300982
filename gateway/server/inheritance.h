#pragma once

#include <string>
#include <vector>

#include "conf/model.h"
#include "gateway/net/listening_socket.h"

namespace tidegate::server {

/// Listening sockets that were there before this process: from systemd (sd_listen_fds(3)), or from the
/// process that hands over to this one, both by LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES.
///
/// Owner: whoever starts the server, then the server. Thread: the main one.
/// End:   the destructor closes what nobody claimed.
class Inheritance {
 public:
  struct Socket {
    net::ListeningSocket socket;
    std::string name;  ///< of LISTEN_FDNAMES; may be empty
  };
  /// Nothing is inherited.
  Inheritance() = default;
  explicit Inheritance(std::vector<Socket> sockets) : sockets_(std::move(sockets)) {}
  Inheritance(Inheritance&& other) noexcept;
  Inheritance& operator=(Inheritance&& other) noexcept;
  ~Inheritance();

  /// Takes what the environment tells of, and the variables out of it, so that no child sees them. What is
  /// not meant for this process is left alone; what cannot be listened on is closed with a warning. Before
  /// there is a second thread.
  static Inheritance from_environment();

  /// Those that listen where `address` does, in the order in which they came; none: nothing was inherited for
  /// it. For port 0 those of the first port that fits.
  std::vector<net::ListeningSocket> claim(const conf::ListenAddress& address);
  /// The configuration is in force: a process that hands over hears that this one accepts, the files of its
  /// unix sockets are ours, and what nobody claimed is closed with a warning.
  void settle();
  /// Another process waits for settle().
  bool handed_over() const { return announce_ >= 0; }

  /// The variable that says where to announce that this process accepts, and what is written there.
  static constexpr char kAnnounceVariable[] = "TIDEGATE_HANDOVER";
  static constexpr char kReady = 'r';
  /// In LISTEN_FDNAMES: the process before gives this socket up; or has it from somebody else, who keeps it.
  static constexpr char kOwn[] = "own";
  static constexpr char kLent[] = "lent";

 private:
  void warn_of_missing_family(const conf::ListenAddress& address,
                              const std::vector<net::ListeningSocket>& sockets) const;

  std::vector<Socket> sockets_;
  /// Ours from settle() on. Until then they are the process's before, for we may yet fail.
  std::vector<std::weak_ptr<net::ListeningDescriptor>> to_own_;
  int announce_ = -1;
};

}  // namespace tidegate::server
