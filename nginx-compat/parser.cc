#include "nginx-compat/parser.h"

#include <cstring>
#include <utility>

#include "gateway/base/text.h"

namespace tidegate::nginx {
namespace {

bool is_pattern(std::string_view path) {
  return path.find_first_of("*?[") != std::string_view::npos;
}

/// The context within a directive's block.
Context context_within(const Directive& directive, Context around) {
  const std::string& name = directive.name.text;
  if (name == "events") return kEvents;
  if (name == "http") return kHttp;
  if (name == "server") return kServer;
  if (name == "location") return kLocation;
  if (name == "upstream") return kUpstream;
  if (name == "limit_except") return kLimitExcept;
  if (name == "if") return around == kServer ? kIfInServer : kIfInLocation;
  return around;
}

class Parser {
 public:
  Parser(Files& files, const ParseOptions& options, Diagnostics& diagnostics)
      : files_(files), options_(options), diagnostics_(diagnostics) {}

  /// Reads a whole file into `out`. False after a complaint that ends the reading.
  bool parse_file(const std::string& path, const DirectiveRule::Kind kind, Context context,
                  std::vector<Directive>& out) {
    int os_error = 0;
    auto text = files_.read(path, os_error);
    if (!text) {
      return fail("open() \"" + path + "\" failed (" + std::to_string(os_error) + ": " +
                  std::strerror(os_error) + ")");
    }
    if (++files_read_ > options_.most_files || (bytes_read_ += text->size()) > options_.most_bytes) {
      return fail("\"" + path +
                  "\" is one file too many: with all that it includes the configuration has more than " +
                  std::to_string(options_.most_files) + " files or " +
                  std::to_string(options_.most_bytes >> 20) + " MiB; does a file include itself?");
    }
    return parse_text(*text, std::make_shared<const std::string>(path), kind, context, out);
  }

  bool parse_text(std::string_view text, std::shared_ptr<const std::string> name,
                  const DirectiveRule::Kind kind, Context context, std::vector<Directive>& out) {
    Source source{Lexer(text), std::move(name)};
    Source* const outer = std::exchange(source_, &source);
    const bool fine = parse_block(kind, context, out, Statement::End::end_of_file);
    source_ = outer;
    return fine;
  }

 private:
  struct Source {
    Lexer lexer;
    std::shared_ptr<const std::string> name;
    int line = 1;  ///< that nginx would name now
  };

  bool complain(int line, int column, std::string message) {
    diagnostics_.error({*source_->name, line, column}, std::move(message));
    return true;
  }
  /// A complaint after which nothing more is read.
  bool fail(std::string message) {
    diagnostics_.error(source_ != nullptr ? Position{*source_->name, source_->line, 0} : Position{},
                       std::move(message));
    return false;
  }

  /// Statements up to `until`, which is a brace or the end of the file.
  bool parse_block(DirectiveRule::Kind kind, Context context, std::vector<Directive>& out,
                   Statement::End until) {
    if (++depth_ > options_.most_depth) {
      return fail("blocks and includes are nested more than " + std::to_string(options_.most_depth) +
                  " deep; does a file include itself?");
    }
    bool fine = true;
    for (bool more = true; more && fine;) fine = parse_statement(kind, context, out, until, more);
    --depth_;
    return fine;
  }

  bool parse_statement(DirectiveRule::Kind kind, Context context, std::vector<Directive>& out,
                       Statement::End until, bool& more) {
    Statement statement;
    const bool fine = source_->lexer.next(statement);
    source_->line = fine ? statement.line : source_->lexer.error().line;
    if (!fine) return fail(source_->lexer.error().message);
    switch (statement.end) {
      case Statement::End::closes_block:
        more = false;
        return until == statement.end || fail("unexpected \"}\"");
      case Statement::End::end_of_file:
        more = false;
        return until == statement.end || fail("unexpected end of file, expecting \"}\"");
      case Statement::End::semicolon:
      case Statement::End::opens_block:
        break;
    }
    const bool opens = statement.end == Statement::End::opens_block;
    Directive directive;
    directive.name = std::move(statement.words.front());
    directive.args.assign(std::make_move_iterator(statement.words.begin() + 1),
                          std::make_move_iterator(statement.words.end()));
    directive.file = source_->name;
    directive.end_line = statement.line;
    if (kind == DirectiveRule::Kind::values) return take_values(std::move(directive), opens, context, out);
    return take_directive(std::move(directive), opens, context, out);
  }

  /// A line of a block whose lines are values; `include` is one that nginx looks at.
  bool take_values(Directive line, bool opens, Context context, std::vector<Directive>& out) {
    if (opens) return fail("unexpected \"{\"");
    if (line.name.text == "include" && line.args.size() == 1) {
      return include(line.args.front().text, DirectiveRule::Kind::values, context, out);
    }
    out.push_back(std::move(line));
    return true;
  }

  bool take_directive(Directive directive, bool opens, Context context, std::vector<Directive>& out) {
    directive.rule = find_directive(directive.name.text, context);
    const bool fits = directive.rule != nullptr && check(directive, opens);
    if (directive.rule == nullptr) complain_of_name(directive);
    if (opens) {
      const bool values = directive.rule != nullptr && directive.rule->kind == DirectiveRule::Kind::values;
      // What stands in the block of an unknown directive is nobody's to judge.
      const auto within =
          values || directive.rule == nullptr ? DirectiveRule::Kind::values : DirectiveRule::Kind::block;
      const bool fine = directive.rule == nullptr
                            ? skip_block()
                            : parse_block(within, context_within(directive, context), directive.block,
                                          Statement::End::closes_block);
      if (!fine) return false;
    }
    if (!fits) return true;
    if (directive.name.text == "include") {
      return include(directive.args.front().text, DirectiveRule::Kind::block, context, out);
    }
    out.push_back(std::move(directive));
    return true;
  }

  /// Up to the brace that closes the block which has just been opened, whatever stands in it.
  bool skip_block() {
    for (std::size_t open = 1; open > 0;) {
      Statement statement;
      const bool fine = source_->lexer.next(statement);
      source_->line = fine ? statement.line : source_->lexer.error().line;
      if (!fine) return fail(source_->lexer.error().message);
      if (statement.end == Statement::End::opens_block) ++open;
      if (statement.end == Statement::End::closes_block) --open;
      if (statement.end == Statement::End::end_of_file)
        return fail("unexpected end of file, expecting \"}\"");
    }
    return true;
  }

  void complain_of_name(const Directive& directive) {
    const std::string quoted = '"' + directive.name.text + '"';
    if (is_directive(directive.name.text)) {
      complain(directive.end_line, 0, quoted + " directive is not allowed here");
    } else {
      complain(directive.end_line, 0, "unknown directive " + quoted);
    }
  }

  bool check(const Directive& directive, bool opens) {
    const DirectiveRule& rule = *directive.rule;
    const std::string quoted = '"' + directive.name.text + '"';
    const int line = directive.end_line;
    if (opens && !rule.opens_block())
      return !complain(line, 0, "directive " + quoted + " is not terminated by \";\"");
    if (!opens && rule.opens_block())
      return !complain(line, 0, "directive " + quoted + " has no opening \"{\"");
    if (!rule.takes(directive.args.size())) {
      return !complain(line, 0, "invalid number of arguments in " + quoted + " directive");
    }
    if (rule.kind != DirectiveRule::Kind::flag) return true;
    const std::string& value = directive.args.front().text;
    if (iequals(value, "on") || iequals(value, "off")) return true;
    return !complain(
        line, 0, "invalid value \"" + value + "\" in " + quoted + " directive, it must be \"on\" or \"off\"");
  }

  bool include(const std::string& what, DirectiveRule::Kind kind, Context context,
               std::vector<Directive>& out) {
    const std::string path = what.starts_with('/') ? what : options_.prefix + '/' + what;
    if (!is_pattern(path)) return parse_file(path, kind, context, out);
    if (++patterns_ > options_.most_files) {
      return fail("there are more than " + std::to_string(options_.most_files) +
                  " patterns of files to include; does a file include itself?");
    }
    for (const std::string& found : files_.glob(path)) {
      if (!parse_file(found, kind, context, out)) return false;
    }
    return true;
  }

  Files& files_;
  const ParseOptions& options_;
  Diagnostics& diagnostics_;
  Source* source_ = nullptr;
  std::size_t depth_ = 0;
  std::size_t files_read_ = 0;
  std::size_t patterns_ = 0;
  std::size_t bytes_read_ = 0;
};

}  // namespace

std::vector<Directive> parse(const std::string& path, Files& files, const ParseOptions& options,
                             Diagnostics& diagnostics) {
  std::vector<Directive> tree;
  Parser(files, options, diagnostics).parse_file(path, DirectiveRule::Kind::block, kMain, tree);
  return tree;
}

std::vector<Directive> parse_directives(std::string_view text, const std::string& name, Files& files,
                                        const ParseOptions& options, Diagnostics& diagnostics) {
  std::vector<Directive> tree;
  Parser(files, options, diagnostics)
      .parse_text(text, std::make_shared<const std::string>(name), DirectiveRule::Kind::block, kMain, tree);
  return tree;
}

}  // namespace tidegate::nginx
