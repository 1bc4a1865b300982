#include "gateway/nginx_options.h"

#include <string_view>
#include <utility>

namespace tidegate {

const char* const kNginxUsage =
    "Usage: nginx [-?hvVtTq] [-s signal] [-p prefix]\n"
    "             [-e filename] [-c filename] [-g directives]\n"
    "\n"
    "Options:\n"
    "  -?,-h         : this help\n"
    "  -v            : show version and exit\n"
    "  -V            : show version and configure options then exit\n"
    "  -t            : test configuration and exit\n"
    "  -T            : test configuration, dump it and exit\n"
    "  -q            : suppress non-error messages during configuration testing\n"
    "  -s signal     : send signal to a master process: stop, quit, reopen, reload\n"
    "  -p prefix     : set prefix path (default: /usr/share/nginx/)\n"
    "  -e filename   : set error log file (default: stderr)\n"
    "  -c filename   : set configuration file (default: /etc/nginx/nginx.conf)\n"
    "  -g directives : set global directives out of configuration file\n";

namespace {

class Reader {
 public:
  Reader(int argc, char** argv, std::string& problem) : argc_(argc), argv_(argv), problem_(problem) {}

  bool read(NginxOptions& out) {
    while (next_ < argc_) {
      const std::string_view word = argv_[next_++];
      if (!word.starts_with('-')) return fail("invalid option: \"" + std::string(word) + "\"");
      if (!read_word(word.substr(1), out)) return false;
    }
    return true;
  }

 private:
  /// Letters behind one dash; what follows one that wants a parameter is that, or else the next word.
  bool read_word(std::string_view letters, NginxOptions& out) {
    while (!letters.empty()) {
      const char letter = letters.front();
      letters.remove_prefix(1);
      const std::string_view parameters("pecgs");
      if (parameters.find(letter) == std::string_view::npos) {
        if (!set_flag(letter, out)) return false;
        continue;
      }
      if (letters.empty() && next_ < argc_) letters = argv_[next_++];
      return set_parameter(letter, std::string(letters), out);
    }
    return true;
  }

  bool set_flag(char letter, NginxOptions& out) {
    switch (letter) {
      case '?':
      case 'h':
        out.version = out.help = true;
        return true;
      case 'v':
        return out.version = true;
      case 'V':
        return out.version = out.everything = true;
      case 't':
        return out.test = true;
      case 'T':
        return out.test = out.dump = true;
      case 'q':
        return out.quiet = true;
      default:
        return fail(std::string("invalid option: \"") + letter + "\"");
    }
  }

  bool set_parameter(char letter, std::string value, NginxOptions& out) {
    if (value.empty()) {
      return fail(std::string("option \"-") + letter + "\" requires " +
                  (letter == 'p'                    ? "directory name"
                   : letter == 'c' || letter == 'e' ? "file name"
                                                    : "parameter"));
    }
    switch (letter) {
      case 'p':
        out.prefix = std::move(value);
        return true;
      case 'c':
        out.file = std::move(value);
        return true;
      case 'e':
        out.error_log = std::move(value);
        return true;
      case 'g':
        out.directives = std::move(value);
        return true;
      default:
        break;
    }
    if (value != "stop" && value != "quit" && value != "reopen" && value != "reload") {
      return fail("invalid option: \"-s " + value + "\"");
    }
    out.signal = std::move(value);
    return true;
  }

  bool fail(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }

  int argc_;
  char** argv_;
  std::string& problem_;
  int next_ = 1;
};

}  // namespace

std::optional<NginxOptions> parse_nginx_options(int argc, char** argv, std::string& problem) {
  NginxOptions options;
  if (!Reader(argc, argv, problem).read(options)) return std::nullopt;
  while (options.prefix.size() > 1 && options.prefix.ends_with('/')) options.prefix.pop_back();
  const auto below_prefix = [&options](std::string& path) {
    if (!path.starts_with('/')) path = options.prefix + (options.prefix == "/" ? "" : "/") + path;
  };
  below_prefix(options.file);
  if (options.error_log != "stderr") below_prefix(options.error_log);
  return options;
}

}  // namespace tidegate
