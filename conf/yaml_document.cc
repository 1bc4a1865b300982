#include "conf/yaml_document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "conf/names.h"

namespace tidegate::conf::yaml {
namespace {

/// Thrown through yaml-cpp's frames, which are ready for it, to stop a document that exceeds a bound.
struct Refused {
  int line;
  int column;
  std::string message;
};

struct Size {
  std::size_t bytes = 0;
  std::size_t depth = 0;
};

Size measure(const Node& node) {
  Size size{kNodeBytes + node.text.size(), 0};
  const auto add = [&size](const Node& child) {
    const Size inner = measure(child);
    size.bytes += inner.bytes;
    size.depth = std::max(size.depth, inner.depth);
  };
  for (const Node& item : node.items) add(item);
  for (const Node::Entry& entry : node.entries) {
    size.bytes += entry.key.size();
    add(entry.value);
  }
  size.depth += node.kind == Node::Kind::sequence || node.kind == Node::Kind::map ? 1 : 0;
  return size;
}

/// Builds the tree from yaml-cpp's events. It is not YAML::Load because that loses duplicate keys, merge
/// keys, tags and, for the bounds, the chance to stop early. Lives as long as one document is parsed.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& file, Diagnostics& diagnostics) : file_(file), diagnostics_(diagnostics) {}

  bool started() const { return documents_ > 0; }
  /// The last scalar that was not plain; line 0 if there was none.
  const Position& last_quoted() const { return last_quoted_; }
  std::optional<Node> take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) return;
    throw Refused{mark.line + 1, mark.column + 1,
                  "a second document, or text behind the first; write one document per file"};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(make(Node::Kind::null, mark, "?"), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node = make(Node::Kind::scalar, mark, tag);
    node.plain = tag == "?";
    if (!node.plain) last_quoted_ = {file_, node.line, node.column};
    node.text = value;
    const bool control = std::any_of(value.begin(), value.end(), [](char c) {
      return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
    });
    if (control) error(mark, "a control character in " + in_quotes(value) + "; remove its escape");
    add(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw Refused{mark.line + 1, mark.column + 1, "an alias inside its own anchor; write the value out"};
    }
    const Size size = measure(found->second);
    account(mark, size.bytes);
    check_depth(mark, size.depth);
    attach(Node(found->second));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(make(Node::Kind::sequence, mark, tag), mark, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(make(Node::Kind::map, mark, tag), mark, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  /// A sequence or map whose end has not come.
  struct Frame {
    Node node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;     ///< of a map: a key waits for its value
    bool drop_value = false;  ///< the key was refused
    Node key;
    std::map<std::string, int, std::less<>> lines;  ///< of the keys so far
  };

  void error(const YAML::Mark& mark, std::string message) {
    diagnostics_.error({file_, mark.line + 1, mark.column + 1}, std::move(message));
  }

  Node make(Node::Kind kind, const YAML::Mark& mark, const std::string& tag) {
    // "?" stands for none, "!" for the quotes of a scalar.
    if (!tag.empty() && tag != "?" && tag != "!") {
      error(mark, "the tag " + in_quotes(tag) + " means nothing here; remove it");
    }
    Node node;
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }

  void account(const YAML::Mark& mark, std::size_t bytes) {
    expanded_ += bytes;
    if (expanded_ <= kMaxExpandedBytes) return;
    throw Refused{mark.line + 1, mark.column + 1,
                  "the document is too large with its aliases written out; split it, or use fewer aliases"};
  }

  void check_depth(const YAML::Mark& mark, std::size_t more) const {
    if (frames_.size() + more <= kMaxDepth) return;
    throw Refused{
        mark.line + 1, mark.column + 1,
        "lists and maps more than " + std::to_string(kMaxDepth) + " deep; no key is that deep, close some"};
  }

  void open(Node node, const YAML::Mark& mark, YAML::anchor_t anchor) {
    check_depth(mark, 1);
    account(mark, kNodeBytes);
    Frame frame;
    frame.node = std::move(node);
    frame.anchor = anchor;
    frames_.push_back(std::move(frame));
  }

  void close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    remember(frame.node, frame.anchor);
    attach(std::move(frame.node));
  }

  void add(Node node, YAML::anchor_t anchor) {
    expanded_ += kNodeBytes + node.text.size();
    if (expanded_ > kMaxExpandedBytes) {
      throw Refused{node.line, node.column, "the document is too large; is this the right file?"};
    }
    remember(node, anchor);
    attach(std::move(node));
  }

  /// The copy that aliases are made from is accounted for too.
  void remember(const Node& node, YAML::anchor_t anchor) {
    if (anchor == 0) return;
    YAML::Mark mark;
    mark.line = node.line - 1;
    mark.column = node.column - 1;
    account(mark, measure(node).bytes);
    anchors_[anchor] = node;
  }

  void attach(Node node) {
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.node.kind == Node::Kind::sequence) {
      frame.node.items.push_back(std::move(node));
    } else if (!frame.has_key) {
      frame.has_key = true;
      frame.drop_value = !accept_key(frame, node);
      frame.key = std::move(node);
    } else {
      frame.has_key = false;
      if (frame.drop_value) return;
      if (node.kind == Node::Kind::null) {  // where yaml-cpp has the next token's place
        node.line = frame.key.line;
        node.column = frame.key.column;
      }
      frame.node.entries.push_back(
          {std::move(frame.key.text), frame.key.line, frame.key.column, std::move(node)});
    }
  }

  bool accept_key(Frame& frame, const Node& key) {
    const Position at{file_, key.line, key.column};
    if (key.kind != Node::Kind::scalar) {
      diagnostics_.error(
          at, key.kind == Node::Kind::null
                  ? "a key without a name; write a name before the colon (null and ~ need quotes)"
                  : "a list or map as a key; write a name before the colon (quotes, if it begins with "
                    "[ or {)");
      return false;
    }
    if (key.text == "<<" && key.plain) {
      diagnostics_.error(at, "merge keys (\"<<\") are not supported; write the keys out");
      return false;
    }
    const auto [first, added] = frame.lines.try_emplace(key.text, key.line);
    if (!added) {
      diagnostics_.error(at, "the key " + in_quotes(key.text) + " stands twice, first in line " +
                                 std::to_string(first->second) + "; keep one");
    }
    return added;
  }

  const std::string& file_;
  Diagnostics& diagnostics_;
  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, Node> anchors_;
  std::optional<Node> root_;
  Position last_quoted_;
  std::size_t expanded_ = 0;
  int documents_ = 0;
};

}  // namespace

std::optional<Node> parse_document(std::string_view text, const std::string& file, Diagnostics& diagnostics) {
  if (text.size() > kMaxTextBytes) {
    diagnostics.error({file, 0, 0}, "the file is larger than " + std::to_string(kMaxTextBytes >> 20) +
                                        " MiB; a configuration is smaller, is this the right file?");
    return std::nullopt;
  }
  if (!check_text(text, file, diagnostics)) return std::nullopt;
  TreeBuilder builder(file, diagnostics);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refused& refused) {
    diagnostics.error({file, refused.line, refused.column}, refused.message);
    return std::nullopt;
  } catch (const YAML::Exception& exception) {
    const int line = exception.mark.line + 1;
    const int column = exception.mark.column + 1;
    diagnostics.error({file, line, column}, explain_syntax(text, line, column, exception.msg));
    return std::nullopt;
  } catch (const std::exception& exception) {
    diagnostics.error({file, 0, 0}, std::string("the file cannot be parsed: ") + exception.what());
    return std::nullopt;
  }
  if (!builder.started()) {
    diagnostics.error({file, 0, 0}, "the file is empty; write at least one listener");
    return std::nullopt;
  }
  const Position& quote = builder.last_quoted();
  if (quote.line > 0 && !last_quote_closes(text, quote.line, quote.column)) {
    diagnostics.error(quote, "a quote that is not closed; write the closing one");
    return std::nullopt;
  }
  return builder.take();
}

}  // namespace tidegate::conf::yaml
