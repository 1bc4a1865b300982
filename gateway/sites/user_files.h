#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace tidegate::sites {

/// The user files of auth_basic (`name:password[:comment]`) and what has been found out about passwords, of
/// the whole process. A file is read again when its modification time or size has changed.
///
/// Passwords: `{PLAIN}`, `{SHA}`, `{SSHA}`, `$apr1$` and all that crypt(3) takes: DES, `$1$`, `$2y$`, `$5$`,
/// `$6$`,
/// `$7$`, `$y$`. Most are slow on purpose, and a worker does nothing else meanwhile. So a pair that was
/// accepted is remembered (as a keyed digest, bounded in number, until the file's entry changes) and costs
/// nothing after the first time; and all other checks together get a bounded share of the process' time,
/// kShare of it on average, beyond which the answer is `busy`: who guesses passwords cannot stall the tunnels
/// of others.
///
/// Owner: Zones. Thread: any; a check runs on the caller's, under no lock.
class UserFiles {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Verdict : std::uint8_t {
    accepted,
    mismatch,
    unknown_user,
    missing,     ///< there is no such file
    unreadable,  ///< os_error says why
    busy,
  };
  struct Answer {
    Verdict verdict = Verdict::unreadable;
    int os_error = 0;
  };

  static constexpr int kShare = 4;                                 ///< a quarter
  static constexpr std::chrono::milliseconds kMost{2000};          ///< saved up while nobody asks
  static constexpr std::size_t kRemembered = 4096;                 ///< pairs
  static constexpr std::size_t kMostBytes = std::size_t{8} << 20;  ///< of a file

  /// `now` measures what a check takes.
  explicit UserFiles(std::function<Clock::time_point()> now = Clock::now);
  ~UserFiles();
  UserFiles(const UserFiles&) = delete;
  UserFiles& operator=(const UserFiles&) = delete;

  Answer check(const std::string& path, std::string_view user, std::string_view password);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::sites
