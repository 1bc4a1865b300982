#include "gateway/sites/user_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

#include "gateway/base/crypto.h"
#include "gateway/sites/disk.h"
#include "gateway/sites/password.h"

namespace tidegate::sites {
namespace {

using Digest = std::array<std::uint8_t, 32>;

/// By which a file is known to be as it was.
struct Stamp {
  std::int64_t modified_s = 0;
  std::int64_t modified_ns = 0;
  std::uint64_t size = 0;
  std::uint64_t inode = 0;
  bool operator==(const Stamp&) const = default;
};

struct Entries {
  Stamp stamp;
  std::unordered_map<std::string, std::string> passwords;  ///< by user
};

Stamp stamp_of(const struct stat& status) {
  return {status.st_mtim.tv_sec, status.st_mtim.tv_nsec, static_cast<std::uint64_t>(status.st_size),
          status.st_ino};
}

/// `name:password[:comment]` in each line; the first of a name counts. Comments begin with "#".
std::unordered_map<std::string, std::string> parse(std::string_view text) {
  std::unordered_map<std::string, std::string> passwords;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || line.front() == '#' || line.front() == '\r') continue;
    std::string_view password = line.substr(colon + 1);
    password = password.substr(0, password.find_first_of(":\r"));
    passwords.emplace(line.substr(0, colon), password);
  }
  return passwords;
}

/// Reads all of it. errno's value where that fails, or the file is no file or too large.
int read_all(const std::string& path, Entries& entries) {
  Found found = open_path(path, true);
  if (found.os_error != 0) return found.os_error;
  if (!found.is_file) return EISDIR;
  struct stat status {};
  if (::fstat(found.file.fd(), &status) != 0) return errno;
  if (static_cast<std::size_t>(status.st_size) > UserFiles::kMostBytes) return EFBIG;
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(found.file.fd(), text.data() + size, text.size() - size);
    if (got < 0) return errno;
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  entries.stamp = stamp_of(status);
  entries.passwords = parse(std::string_view(text).substr(0, size));
  return 0;
}

}  // namespace

struct UserFiles::Impl {
  static constexpr std::size_t kFiles = 64;  ///< user_file may have variables

  std::function<Clock::time_point()> now;
  std::string secret;  ///< of this process: what is remembered says nothing elsewhere
  std::mutex mutex;    ///< of all that follows
  std::map<std::string, std::shared_ptr<const Entries>> files;
  std::set<Digest> accepted;
  std::deque<Digest> order;  ///< of `accepted`, the oldest first
  Clock::duration allowance{kMost};
  Clock::time_point reckoned;  ///< when `allowance` was so

  /// The file as it is on the disk now; null, and why.
  std::shared_ptr<const Entries> read(const std::string& path, int& os_error) {
    struct stat status {};
    os_error = ::stat(path.c_str(), &status) == 0 ? 0 : errno;
    if (os_error != 0) return nullptr;
    {
      const std::lock_guard lock(mutex);
      const auto known = files.find(path);
      if (known != files.end() && known->second->stamp == stamp_of(status)) return known->second;
    }
    auto entries = std::make_shared<Entries>();
    os_error = read_all(path, *entries);
    if (os_error != 0) return nullptr;
    const std::lock_guard lock(mutex);
    if (files.size() >= kFiles && !files.contains(path)) files.erase(files.begin());
    files[path] = entries;
    return entries;
  }

  Digest digest_of(std::string_view user, std::string_view entry, std::string_view password) const {
    std::string text = secret;
    text.append(user).append(1, '\0').append(entry).append(1, '\0').append(password);
    return sha256(text);
  }

  bool remembers(const Digest& digest) {
    const std::lock_guard lock(mutex);
    return accepted.contains(digest);
  }

  void remember(const Digest& digest) {
    const std::lock_guard lock(mutex);
    if (!accepted.insert(digest).second) return;
    order.push_back(digest);
    if (order.size() <= kRemembered) return;
    accepted.erase(order.front());
    order.pop_front();
  }

  /// Is there time left for a check?
  bool may_check(Clock::time_point at) {
    const std::lock_guard lock(mutex);
    if (at > reckoned) {
      allowance = std::min<Clock::duration>(kMost, allowance + (at - reckoned) / kShare);
      reckoned = at;
    }
    return allowance > Clock::duration::zero();
  }

  void spend(Clock::duration time) {
    const std::lock_guard lock(mutex);
    allowance -= time;
  }

  Verdict check(const std::string& user, const std::string& entry, std::string_view password) {
    const auto verdict = [](bool fits) { return fits ? Verdict::accepted : Verdict::mismatch; };
    if (!is_slow(entry)) return verdict(password_fits(password, entry));
    const Digest digest = digest_of(user, entry, password);
    if (remembers(digest)) return Verdict::accepted;
    const Clock::time_point began = now();
    if (!may_check(began)) return Verdict::busy;
    const bool fits = password_fits(password, entry);
    spend(now() - began);
    if (fits) remember(digest);
    return verdict(fits);
  }
};

UserFiles::UserFiles(std::function<Clock::time_point()> now) : impl_(std::make_unique<Impl>()) {
  impl_->now = std::move(now);
  impl_->reckoned = impl_->now();
  impl_->secret.resize(32);
  fill_random({reinterpret_cast<std::uint8_t*>(impl_->secret.data()), impl_->secret.size()});
}
UserFiles::~UserFiles() = default;

UserFiles::Answer UserFiles::check(const std::string& path, std::string_view user,
                                   std::string_view password) {
  if (path.find('\0') != std::string::npos) return {Verdict::missing, ENOENT};
  int os_error = 0;
  const std::shared_ptr<const Entries> entries = impl_->read(path, os_error);
  if (entries == nullptr) return {os_error == ENOENT ? Verdict::missing : Verdict::unreadable, os_error};
  const auto found = entries->passwords.find(std::string(user));
  if (found == entries->passwords.end()) return {Verdict::unknown_user, 0};
  return {impl_->check(found->first, found->second, password), 0};
}

}  // namespace tidegate::sites
