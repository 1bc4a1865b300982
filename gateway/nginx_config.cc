#include "gateway/nginx_config.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <utility>

#include "gateway/nginx_process.h"
#include "nginx-compat/parser.h"

namespace tidegate {
namespace {

/// The machine's files, but for one whose text is given.
class SourceFiles final : public nginx::Files {
 public:
  SourceFiles(std::string path, const NginxSource& source)
      : path_(std::move(path)), text_(source.text), on_read_(source.on_read) {}
  std::optional<std::string> read(const std::string& path, int& os_error) override {
    auto text = text_ && path == path_ ? text_ : disk_.read(path, os_error);
    if (text && on_read_) on_read_(path, *text);
    return text;
  }
  std::vector<std::string> glob(const std::string& pattern) override { return disk_.glob(pattern); }

 private:
  std::string path_;
  const std::optional<std::string>& text_;
  const std::function<void(const std::string&, const std::string&)>& on_read_;
  nginx::DiskFiles disk_;
};

/// As the system says it, by whichever way it knows names; nginx asks it too, once, and waits for the answer.
std::vector<IpAddress> look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  std::vector<IpAddress> found;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0)
      continue;
    const auto address = IpAddress::parse(text);
    if (address && std::find(found.begin(), found.end(), *address) == found.end()) found.push_back(*address);
  }
  return found;
}

std::string machine_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

std::string_view word_of(nginx::Verdict::Kind kind) {
  switch (kind) {
    case nginx::Verdict::Kind::exact:
      return "exact";
    case nginx::Verdict::Kind::approximated:
      return "approximated";
    case nginx::Verdict::Kind::ignored:
      return "ignored";
    case nginx::Verdict::Kind::refused:
      return "refused";
  }
  return "";
}

conf::Log::Level level_of(const std::string& word) {
  if (word == "debug") return conf::Log::Level::debug;
  if (word == "info") return conf::Log::Level::info;
  return word == "notice" || word == "warn" ? conf::Log::Level::warning : conf::Log::Level::error;
}

}  // namespace

std::optional<nginx::Translation> read_nginx(const NginxSource& source, Diagnostics& diagnostics) {
  const std::string path = std::filesystem::absolute(source.file).lexically_normal().string();
  nginx::TranslateOptions options;
  options.prefix = source.prefix;
  options.conf_prefix = std::filesystem::path(path).parent_path().string();
  options.error_log = source.error_log;
  options.pid_file = source.pid_file;
  options.permissive = source.permissive;
  options.report_refusals_only = source.report_refusals_only;
  options.look_up = look_up;
  options.is_root = nginx_process::started_as_root();
  options.host_name = machine_name();
  nginx::ParseOptions parsing;
  parsing.prefix = options.conf_prefix;
  SourceFiles files(path, source);
  std::vector<nginx::Directive> tree;
  if (!source.globals.empty())
    tree = nginx::parse_directives(source.globals, "command line", files, parsing, diagnostics);
  if (diagnostics.failed()) return std::nullopt;
  std::vector<nginx::Directive> of_file = nginx::parse(path, files, parsing, diagnostics);
  tree.insert(tree.end(), std::make_move_iterator(of_file.begin()), std::make_move_iterator(of_file.end()));
  if (diagnostics.failed()) return std::nullopt;
  return nginx::translate(tree, options, diagnostics);
}

void explain_part(const std::string& file, Diagnostics& diagnostics) {
  constexpr std::array kOfHttp = {"server", "upstream", "map"};
  const auto says_so = [&](const Diagnostic& each) {
    return std::filesystem::path(each.at.file).filename() == std::filesystem::path(file).filename() &&
           std::ranges::any_of(kOfHttp, [&](const std::string& name) {
             return each.message == '"' + name + "\" directive is not allowed here";
           });
  };
  if (std::ranges::none_of(diagnostics.list(), says_so)) return;
  diagnostics.warning(
      {},
      "this is a part of a configuration: name the nginx.conf that includes it, or a file of your own "
      "with `events {} http { include " +
          file + "; }`");
}

void set_log_levels(const nginx::Process& process, conf::Log& log) {
  log.level = level_of(process.error_log_level);
  log.area_levels.clear();
  if (process.error_log_level == "notice") log.area_levels.emplace_back("server", conf::Log::Level::info);
}

std::string to_string(const nginx::Verdict& verdict) {
  std::string text = verdict.at.file + ':' + std::to_string(verdict.at.line) + ':' +
                     std::to_string(verdict.at.column) + ": ";
  text += verdict.directive + ": ";
  text += word_of(verdict.kind);
  if (!verdict.why.empty()) text += ": " + verdict.why;
  return text;
}

}  // namespace tidegate
