#include "nginx-compat/lexer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tidegate::nginx {
namespace {

using ::testing::ElementsAre;

/// The statements of a text, each as its words in brackets and its terminator; an error at the end.
std::string statements(std::string_view text) {
  Lexer lexer(text);
  std::string out;
  for (Statement statement; lexer.next(statement);) {
    for (const Word& word : statement.words) out += '[' + word.text + ']';
    switch (statement.end) {
      case Statement::End::semicolon:
        out += ';';
        break;
      case Statement::End::opens_block:
        out += '{';
        break;
      case Statement::End::closes_block:
        out += '}';
        break;
      case Statement::End::end_of_file:
        return out;
    }
  }
  return out + '!' + std::to_string(lexer.error().line) + ' ' + lexer.error().message;
}

TEST(NginxLexer, CutsStatements) {
  EXPECT_EQ(statements(""), "");
  EXPECT_EQ(statements("a;"), "[a];");
  EXPECT_EQ(statements("a b\tc\r\n d;"), "[a][b][c][d];");
  EXPECT_EQ(statements("server{listen 80;}"), "[server]{[listen][80];}");
  EXPECT_EQ(statements("a;b{c;}d;"), "[a];[b]{[c];}[d];");
}

TEST(NginxLexer, TakesQuotesOff) {
  EXPECT_EQ(statements(R"(a "b c" 'd;{}' "" ;)"), "[a][b c][d;{}][];");
  EXPECT_EQ(statements(R"(a "it's" 'say "x"';)"), R"([a][it's][say "x"];)");
  EXPECT_EQ(statements("a \"two\nlines\";"), "[a][two\nlines];");
  EXPECT_EQ(statements("a b\"c\" d'e;"), "[a][b\"c\"][d'e];");  // a quote within a word is a byte like others
}

TEST(NginxLexer, TakesEscapes) {
  EXPECT_EQ(statements(R"(a "b\"c" 'd\'e' f\\g;)"), R"([a][b"c][d'e][f\g];)");
  EXPECT_EQ(statements(R"(a "b\tc\rd\ne";)"), "[a][b\tc\rd\ne];");
  EXPECT_EQ(statements(R"(a \.php$ \d \$x;)"), R"([a][\.php$][\d][\$x];)");
  EXPECT_EQ(statements(R"(a b\ c d\;e f\{g;)"),
            R"([a][b\ c][d\;e][f\{g];)");  // what is no escape keeps its backslash
}

TEST(NginxLexer, ABraceBehindADollarIsPartOfTheWord) {
  EXPECT_EQ(statements("a ${b}c $d{"), "[a][${b}c][$d]{");
  EXPECT_EQ(statements("a x${y}/z${w};"), "[a][x${y}/z${w}];");
  EXPECT_EQ(statements("a $\\{"), "!1 unexpected end of file, expecting \";\" or \"}\"");
}

TEST(NginxLexer, SkipsComments) {
  EXPECT_EQ(statements("# a; b {\nc; # d\n#"), "[c];");
  EXPECT_EQ(statements("a #b\nc;"), "[a][c];");
  EXPECT_EQ(statements("a b#c d;"), "[a][b#c][d];");
  EXPECT_EQ(statements("a '#b' ;"), "[a][#b];");
}

TEST(NginxLexer, RefusesWhatNginxRefusesInItsWords) {
  EXPECT_EQ(statements(";"), "!1 unexpected \";\"");
  EXPECT_EQ(statements("\n{"), "!2 unexpected \"{\"");
  EXPECT_EQ(statements("a }"), "!1 unexpected \"}\"");
  EXPECT_EQ(statements("a \"b\"c;"), "!1 unexpected \"c\"");
  EXPECT_EQ(statements("a 'b'}"), "!1 unexpected \"}\"");
  EXPECT_EQ(statements("a;\nb"), "[a];!2 unexpected end of file, expecting \";\" or \"}\"");
  EXPECT_EQ(statements("a \"b"), "!1 unexpected end of file, expecting \";\" or \"}\"");
  EXPECT_EQ(statements("a 'b'"), "!1 unexpected end of file, expecting \";\" or \"}\"");
  EXPECT_EQ(statements("a \\"), "!1 unexpected end of file, expecting \";\" or \"}\"");
}

TEST(NginxLexer, AQuoteMayBeFollowedByAParenthesis) {
  EXPECT_EQ(statements("if ($a = \"b\"){"), "[if][($a][=][b][)]{");
}

TEST(NginxLexer, AParameterIsBoundedAsByNginxsBuffer) {
  const std::string most(4095, 'x');
  EXPECT_EQ(statements("a " + most + ";"), "[a][" + most + "];");
  EXPECT_EQ(statements("a\n " + most + "xx;"), "!2 too long parameter \"xxxxxxxxxx...\" started");
  EXPECT_EQ(statements("\na \"" + most + "xx\";"),
            "!2 too long parameter, probably missing terminating \"\"\" character");
  EXPECT_EQ(statements("a '\n" + most + "x';"),
            "!1 too long parameter, probably missing terminating \"'\" character");
  EXPECT_EQ(statements("#" + most + "x\n"), "!1 too long parameter \"#xxxxxxxxx...\" started");
}

TEST(NginxLexer, TellsWhereWordsStand) {
  Lexer lexer("a\n  \"b\nc\" d\n;");
  Statement statement;
  ASSERT_TRUE(lexer.next(statement));
  ASSERT_EQ(statement.words.size(), 3u);
  EXPECT_THAT((std::vector{statement.words[0].line, statement.words[1].line, statement.words[2].line}),
              ElementsAre(1, 2, 3));
  EXPECT_THAT((std::vector{statement.words[0].column, statement.words[1].column, statement.words[2].column}),
              ElementsAre(1, 3, 4));
  EXPECT_EQ(statement.line, 4);
}

TEST(NginxLexer, EveryBeginningOfAFileIsStatementsOrAnError) {
  constexpr std::string_view kText = "a \"b\\\"\" 'c' ${d}{ e\\;f; # g\n } h;\r\n";
  for (std::size_t cut = 0; cut <= kText.size(); ++cut) {
    Lexer lexer(kText.substr(0, cut));
    Statement statement;
    std::size_t count = 0;
    bool ended = false;
    while (!ended && lexer.next(statement)) {
      ended = statement.end == Statement::End::end_of_file;
      ASSERT_LE(++count, kText.size()) << "cut at " << cut;
    }
    EXPECT_NE(ended, !lexer.error().message.empty()) << "cut at " << cut;
  }
}

}  // namespace
}  // namespace tidegate::nginx
