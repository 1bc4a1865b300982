// Holds the #include lines of the tree against docs/design/layers.md, and shows that the check can fail.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/unit/layering/layers.h"

namespace tidegate::layering {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace fs = std::filesystem;

const fs::path kRoot = TIDEGATE_SOURCE_DIR;
constexpr std::string_view kSmallPage = R"(# A page
```arrows
base  ->
model -> base
conf  -> base model
net   -> base model
tls   -> net base
main  -> base model conf net tls
```
Some words.
```libraries
uv.h     : net
openssl/ : tls base/crypto.cc
yaml-cpp/ : conf
spdlog/  : net/*.cc
```
)";

std::string read(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

Layers drawn() {
  std::vector<std::string> complaints;
  const Layers layers = parse_layers(read(kRoot / "docs/design/layers.md"), complaints);
  EXPECT_THAT(complaints, IsEmpty());
  return layers;
}

Layers small() {
  std::vector<std::string> complaints;
  return parse_layers(kSmallPage, complaints);
}

std::vector<fs::path> sources() {
  std::vector<fs::path> found;
  for (const char* top : {"gateway", "conf", "metrics", "nginx-compat"}) {
    if (!fs::exists(kRoot / top)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / top)) {
      const auto extension = entry.path().extension();
      if (extension == ".h" || extension == ".cc") found.push_back(entry.path());
    }
  }
  return found;
}

TEST(Layering, EveryIncludeOfTheTreeFollowsAnArrow) {
  const Layers layers = drawn();
  const auto files = sources();
  ASSERT_GT(files.size(), 20u);
  for (const fs::path& file : files) {
    const std::string path = fs::relative(file, kRoot).generic_string();
    for (const std::string& complaint : check_file(layers, path, read(file))) ADD_FAILURE() << complaint;
  }
}

TEST(Layering, TheDrawingHasNoCircles) {
  EXPECT_THAT(check_drawing(drawn()), IsEmpty());
}

TEST(Layering, TheGatewayKnowsOfTheConfigurationItsModelAlone) {
  for (const auto& [area, below] : drawn().arrows) {
    if (area == "main" || area == "nginx-compat") continue;
    EXPECT_FALSE(below.contains("conf")) << area;
  }
}

TEST(Layering, LibrariesAreKeptToFoldersThatAreDrawn) {
  const Layers layers = drawn();
  EXPECT_GE(layers.libraries.size(), 8u);
  for (const auto& [library, places] : layers.libraries) {
    for (const std::string& place : places) {
      EXPECT_TRUE(layers.arrows.contains(place.substr(0, place.find('/')))) << library << " : " << place;
    }
  }
}

TEST(LayersPage, GivesArrowsAndLibraries) {
  const Layers layers = small();
  EXPECT_EQ(layers.arrows.size(), 6u);
  EXPECT_THAT(layers.arrows.at("base"), IsEmpty());
  EXPECT_THAT(layers.arrows.at("tls"), ElementsAre("base", "net"));
  EXPECT_THAT(layers.libraries.at("openssl/"), ElementsAre("tls", "base/crypto.cc"));
}

TEST(LayersPage, NamesTheLinesItCannotRead) {
  std::vector<std::string> complaints;
  parse_layers("```arrows\nnet base\nnet -> base\nnet ->\n```\n```libraries\nuv.h net\n```\n", complaints);
  EXPECT_THAT(complaints, ElementsAre(HasSubstr("net base"), HasSubstr("net ->"), HasSubstr("uv.h net")));
}

TEST(LayersPage, NamesACircleAndAnArrowToNowhere) {
  Layers layers = small();
  layers.arrows["base"].insert("tls");
  layers.arrows["net"].insert("moon");
  const auto complaints = check_drawing(layers);
  EXPECT_THAT(complaints, Contains(HasSubstr("back to it")));
  EXPECT_THAT(complaints, Contains("moon has no line of its own"));
}

TEST(LayersCheck, KnowsTheAreaOfAPath) {
  EXPECT_EQ(area_of("gateway/net/loop.h"), "net");
  EXPECT_EQ(area_of("gateway/net/deeper/loop.h"), "net");
  EXPECT_EQ(area_of("gateway/main.cc"), "main");
  EXPECT_EQ(area_of("conf/model.h"), "model");
  EXPECT_EQ(area_of("conf/yaml_loader.cc"), "conf");
  EXPECT_EQ(area_of("nginx-compat/lexer.h"), "nginx-compat");
  EXPECT_EQ(area_of("loop.h"), "");
}

TEST(LayersCheck, PassesWhatIsDrawn) {
  EXPECT_THAT(check_file(small(), "gateway/tls/context.cc",
                         "#include \"gateway/tls/context.h\"\n#include <openssl/ssl.h>\n"
                         "#include <vector>\n#include \"gateway/net/loop.h\"\n"),
              IsEmpty());
  EXPECT_THAT(check_file(small(), "gateway/base/crypto.cc", "#include <openssl/evp.h>\n"), IsEmpty());
  EXPECT_THAT(check_file(small(), "gateway/main.cc", "#include \"conf/loader.h\"\n"), IsEmpty());
}

TEST(LayersCheck, RefusesAnArrowUp) {
  EXPECT_THAT(
      check_file(small(), "gateway/net/loop.h", "#pragma once\n\n  # include \"gateway/tls/context.h\"\n"),
      ElementsAre("gateway/net/loop.h:3: there is no arrow from net to tls (gateway/tls/context.h)"));
}

TEST(LayersCheck, RefusesTheLoadersWhereTheModelIsAllowed) {
  EXPECT_THAT(
      check_file(small(), "gateway/net/loop.h", "#include \"conf/model.h\"\n#include \"conf/loader.h\"\n"),
      ElementsAre(HasSubstr("net to conf")));
}

TEST(LayersCheck, RefusesALibraryOutsideItsPlaces) {
  EXPECT_THAT(check_file(small(), "gateway/tls/context.cc", "#include <uv.h>\n"),
              ElementsAre(HasSubstr("uv.h")));
  EXPECT_THAT(check_file(small(), "gateway/base/text.cc", "#include <openssl/evp.h>\n"),
              ElementsAre(HasSubstr("openssl/evp.h")));
  EXPECT_THAT(check_file(small(), "gateway/net/loop.h", "#include <spdlog/spdlog.h>\n"),
              ElementsAre(HasSubstr("spdlog/spdlog.h")));
  EXPECT_THAT(check_file(small(), "gateway/net/loop.cc", "#include <spdlog/spdlog.h>\n"), IsEmpty());
}

TEST(LayersCheck, RefusesAPathThatIsNotFromTheRoot) {
  EXPECT_THAT(check_file(small(), "gateway/net/loop.cc", "#include \"loop.h\"\n"),
              ElementsAre(HasSubstr("root")));
}

TEST(LayersCheck, RefusesAFolderThatIsNotDrawn) {
  EXPECT_THAT(check_file(small(), "gateway/moon/rock.h", ""), ElementsAre(HasSubstr("not drawn")));
}

}  // namespace
}  // namespace tidegate::layering
