#include <algorithm>

#include "nginx-compat/decisions.h"
#include "nginx-compat/slots.h"
#include "nginx-compat/values.h"
#include "nginx-compat/work.h"

// Files, and the fields that answers are given.

namespace tidegate::nginx {
namespace {

using L = LocationSettings;

bool mentions(std::string_view text, std::string_view name) {
  return text.find('$' + std::string(name)) != std::string_view::npos ||
         text.find("${" + std::string(name) + '}') != std::string_view::npos;
}

void on_root(Work& work, const Directive& directive) {
  const bool alias = directive.name.text == "alias";
  auto& value = slot(work, &L::root);
  if (value && value->alias == alias) return work.fail_directive(directive, "is duplicate");
  if (value) {
    return work.fail_directive(directive, "is duplicate, " + quoted(value->alias ? "alias" : "root") +
                                              " directive was specified earlier");
  }
  if (alias && work.scope().location->kind == conf::Location::Kind::named)
    return work.fail(directive, "the \"alias\" directive cannot be used inside the named location");
  Text path = Work::text_of(directive, 0);
  for (const std::string_view name : {"document_root", "realpath_root"}) {
    if (mentions(path.value, name)) {
      return work.fail(directive, "the $" + std::string(name) + " variable cannot be used in the " +
                                      quoted(directive.name.text) + " directive");
    }
  }
  if (!alias && path.value.ends_with('/')) path.value.pop_back();
  if (!path.value.starts_with('$')) path.value = path.empty() ? "" : work.full_path(path.value);
  value = Root{std::move(path), alias};
}

void on_index(Work& work, const Directive& directive) {
  auto& list = own_list(work, &L::index);
  for (std::size_t i = 0; i < directive.args.size(); ++i) {
    Text name = Work::text_of(directive, i);
    if (name.empty()) return work.fail(directive, "index \"\" in \"index\" directive is invalid");
    if (name.value.starts_with('/') && i + 1 != directive.args.size())
      work.warn(directive, "only the last index in \"index\" directive should be absolute");
    list.push_back(std::move(name));
  }
}

void on_try_files(Work& work, const Directive& directive) {
  auto& value = work.scope().settings->try_files;
  if (value) return work.fail_directive(directive, "is duplicate");
  TryFiles files;
  const std::size_t last = directive.args.size() - 1;
  for (std::size_t i = 0; i < last; ++i) files.candidates.push_back(Work::text_of(directive, i));
  files.fallback = Work::text_of(directive, last);
  if (files.fallback.value.starts_with('=')) {
    const auto status = read_number(std::string_view(files.fallback.value).substr(1));
    if (!status || *status > 999) return work.fail(directive, "invalid code " + quoted(files.fallback.value));
    files.status = static_cast<int>(*status);
    files.fallback = {};
  }
  value = std::move(files);
}

void on_types(Work& work, const Directive& directive) {
  LocationSettings& settings = *work.scope().settings;
  if (!settings.own_types) settings.own_types = std::make_shared<Types>();
  for (const Directive& line : directive.block) {
    for (const Word& extension : line.args) {
      auto& type = (*settings.own_types)[to_lower(extension.text)];
      if (!type.empty()) {
        work.warn(line, "duplicate extension " + quoted(extension.text) + ", content type: " +
                            quoted(line.name.text) + ", previous content type: " + quoted(type));
      }
      type = line.name.text;
    }
  }
  settings.types = settings.own_types;
}

void on_default_type(Work& work, const Directive& directive) {
  auto& value = slot(work, &L::default_type);
  if (is_first(work, directive, value)) value = first_arg(directive);
}

void on_if_modified_since(Work& work, const Directive& directive) {
  using Rule = conf::FileRules::IfModifiedSince;
  auto& value = slot(work, &L::if_modified_since);
  if (!is_first(work, directive, value)) return;
  const std::string& word = first_arg(directive);
  if (word != "off" && word != "exact" && word != "before")
    return work.fail(directive, "invalid value " + quoted(word));
  value = word == "off" ? Rule::off : word == "exact" ? Rule::exact : Rule::before;
}

void on_disable_symlinks(Work& work, const Directive& directive) {
  auto& value = slot(work, &L::follow_symlinks);
  if (!is_first(work, directive, value)) return;
  for (const Word& arg : directive.args) {
    const std::string& word = arg.text;
    if (word.starts_with("from=")) {
      work.approximated(directive, "no part of the path is exempt");
    } else if (word == "off" || word == "on" || word == "if_not_owner") {
      value = word == "off";
      if (word == "if_not_owner") work.approximated(directive, "no symlink is followed, whoever owns it");
    } else {
      return invalid_parameter(work, directive, word);
    }
  }
}

void on_charset(Work& work, const Directive& directive) {
  auto& value = slot(work, &L::charset);
  if (!is_first(work, directive, value)) return;
  const std::string& word = first_arg(directive);
  if (word.find('$') != std::string::npos)
    return work.refused(directive, "the charset is the same for every request; write it out");
  value = word == "off" ? "" : word;
}

void on_add_header(Work& work, const Directive& directive) {
  conf::AddedField field;
  field.name = first_arg(directive);
  field.value = Work::text_of(directive, 1);
  if (directive.args.size() == 3) {
    if (directive.args[2].text != "always") return invalid_parameter(work, directive, directive.args[2].text);
    field.always = true;
  }
  own_list(work, &L::added_fields).push_back(std::move(field));
}

using Kind = conf::Expires::Kind;

/// A time with its sign, or one of the words; empty: fine, else what is wrong.
std::string_view read_expires(std::string_view text, std::optional<conf::Expires>& out) {
  conf::Expires& expires = *out;
  if (expires.kind != Kind::since_modified) {
    if (text == "off") return out.reset(), "";
    if (text == "epoch" || text == "max") {
      expires.kind = text == "epoch" ? Kind::epoch : Kind::max;
      return "";
    }
  }
  bool minus = false;
  if (text.starts_with('@')) {
    if (expires.kind == Kind::since_modified) return "daily time cannot be used with \"modified\" parameter";
    expires.kind = Kind::daily;
    text.remove_prefix(1);
  } else if (text.starts_with('+') || text.starts_with('-')) {
    minus = text.front() == '-';
    text.remove_prefix(1);
  }
  const auto time = read_seconds(text);
  if (!time) return "invalid value";
  if (expires.kind == Kind::daily && *time > std::chrono::hours(24))
    return "daily time value must be less than 24 hours";
  expires.span = minus ? -*time : *time;
  return "";
}

void on_expires(Work& work, const Directive& directive) {
  auto& value = slot(work, &L::expires);
  if (!is_first(work, directive, value)) return;
  std::optional<conf::Expires> expires(std::in_place);
  if (directive.args.size() == 2) {
    if (first_arg(directive) != "modified") return work.fail_directive(directive, "invalid value");
    expires->kind = Kind::since_modified;
  }
  const Text text = Work::text_of(directive, directive.args.size() - 1);
  if (text.value.find('$') != std::string::npos) {
    expires->from = text;
  } else {
    const std::string_view problem = read_expires(text.value, expires);
    if (!problem.empty()) return work.fail_directive(directive, problem);
  }
  value = std::move(expires);
}

void on_gzip(Work& work, const Directive& directive) {
  if (is_on(directive)) work.approximated(directive, "answers are sent as they are, not compressed");
}

void on_gzip_static(Work& work, const Directive& directive) {
  const std::string& word = first_arg(directive);
  if (word != "on" && word != "off" && word != "always")
    return work.fail(directive, "invalid value " + quoted(word));
  if (word == "always")
    work.refused(directive, "files are sent as they are, not their .gz; unpack them");
  else if (word == "on")
    work.approximated(directive, "files are sent as they are, not their .gz");
}

void on_stub_status(Work& work, const Directive&) {
  work.scope().settings->stub_status = true;
}

constexpr Verdict::Kind kIgnored = Verdict::Kind::ignored;
constexpr std::string_view kNoGzip = "answers are sent as they are, not compressed";
constexpr std::string_view kOwnWay = "files are read and sent in the gateway's own way";
constexpr std::string_view kMemory = "memory is taken as it is needed";

constexpr Decision kDecisions[] = {
    {"add_header", on_add_header},
    {"add_trailer", nullptr, Verdict::Kind::refused, "answers get no trailers; use add_header"},
    {"aio", nullptr, kIgnored, kOwnWay},
    {"aio_write", nullptr, kIgnored, kOwnWay},
    {"alias", on_root},
    {"charset", on_charset},
    {"charset_types", nullptr, Verdict::Kind::approximated, "the types of nginx's default have a charset"},
    {"default_type", on_default_type},
    {"directio", nullptr, kIgnored, kOwnWay},
    {"directio_alignment", nullptr, kIgnored, kOwnWay},
    {"disable_symlinks", on_disable_symlinks},
    {"etag", set_flag<&L::etag>},
    {"expires", on_expires},
    {"gzip", on_gzip},
    {"gzip_buffers", nullptr, kIgnored, kNoGzip},
    {"gzip_comp_level", nullptr, kIgnored, kNoGzip},
    {"gzip_disable", nullptr, kIgnored, kNoGzip},
    {"gzip_hash", nullptr, kIgnored, kNoGzip},
    {"gzip_http_version", nullptr, kIgnored, kNoGzip},
    {"gzip_min_length", nullptr, kIgnored, kNoGzip},
    {"gzip_no_buffer", nullptr, kIgnored, kNoGzip},
    {"gzip_proxied", nullptr, kIgnored, kNoGzip},
    {"gzip_static", on_gzip_static},
    {"gzip_types", nullptr, kIgnored, kNoGzip},
    {"gzip_vary", nullptr, kIgnored, kNoGzip},
    {"gzip_window", nullptr, kIgnored, kNoGzip},
    {"if_modified_since", on_if_modified_since},
    {"index", on_index},
    {"log_not_found", set_flag<&L::log_not_found>},
    {"max_ranges", set_number<&L::max_ranges>},
    {"open_file_cache", nullptr, kIgnored, "files are opened anew for each request"},
    {"open_file_cache_errors", nullptr, kIgnored, "files are opened anew for each request"},
    {"open_file_cache_events", nullptr, kIgnored, "files are opened anew for each request"},
    {"open_file_cache_min_uses", nullptr, kIgnored, "files are opened anew for each request"},
    {"open_file_cache_valid", nullptr, kIgnored, "files are opened anew for each request"},
    {"output_buffers", nullptr, kIgnored, kOwnWay},
    {"read_ahead", nullptr, kIgnored, kOwnWay},
    {"root", on_root},
    {"sendfile", nullptr, kIgnored, kOwnWay},
    {"sendfile_max_chunk", nullptr, kIgnored, kOwnWay},
    {"stub_status", on_stub_status},
    {"try_files", on_try_files},
    {"types", on_types},
    {"types_hash_bucket_size", nullptr, kIgnored, kMemory},
    {"types_hash_max_size", nullptr, kIgnored, kMemory},
};

}  // namespace

std::span<const Decision> file_decisions() {
  return kDecisions;
}

}  // namespace tidegate::nginx
