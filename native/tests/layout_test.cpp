// The layout report names every struct, member and function of the header, in its order, and nothing else.
#include "check.h"
#include "compiled.h"

#include <fstream>
#include <regex>
#include <sstream>

namespace {

std::string header_text() {
    std::ifstream file(COMPILED_HEADER);
    std::stringstream text;
    text << file.rdbuf();
    std::string source = text.str();
    for (size_t begin = source.find("/*"); begin != std::string::npos; begin = source.find("/*")) {
        source.erase(begin, source.find("*/", begin) + 2 - begin);
    }
    return source;
}

// "struct NAME", "field NAME" and "function NAME" lines, as the header has them.
std::vector<std::string> expected_lines(const std::string& header) {
    std::vector<std::string> lines;
    std::regex structs(R"(typedef struct (\w+) \{([^}]*)\})"), member(R"((\w+)\s*(,|;))"), functions(R"(CN_API[^(;]*\b(cn_\w+)\()");
    for (std::sregex_iterator it(header.begin(), header.end(), structs), end; it != end; ++it) {
        lines.push_back("struct " + (*it)[1].str());
        std::string body = (*it)[2].str();
        for (std::sregex_iterator field(body.begin(), body.end(), member); field != end; ++field) {
            lines.push_back("field " + (*field)[1].str());
        }
    }
    for (std::sregex_iterator it(header.begin(), header.end(), functions), end; it != end; ++it) {
        lines.push_back("function " + (*it)[1].str());
    }
    return lines;
}

} // namespace

int main() {
    int64_t length = 0;
    CHECK(cn_layout_report(nullptr, 0, &length) == CN_STATUS_OK);
    std::vector<char> text(static_cast<size_t>(length) + 1, 'x');
    int64_t again = 0;
    CHECK(cn_layout_report(text.data(), length + 1, &again) == CN_STATUS_OK);
    CHECK(again == length);
    CHECK(text.back() == '\0' && std::strlen(text.data()) == static_cast<size_t>(length));

    std::vector<std::string> reported;
    std::istringstream lines(text.data());
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string kind, name;
        words >> kind >> name;
        reported.push_back(kind + " " + name);
    }
    std::vector<std::string> expected = expected_lines(header_text());
    CHECK(expected.size() > 100);
    for (size_t i = 0; i < expected.size() || i < reported.size(); ++i) {
        std::string left = i < expected.size() ? expected[i] : "nothing", right = i < reported.size() ? reported[i] : "nothing";
        check::that(left == right, __FILE__, __LINE__, "the header has \"" + left + "\", the report \"" + right + "\"");
    }
    CHECK(std::strstr(text.data(), "struct cn_state 40\n") != nullptr);
    CHECK(std::strstr(text.data(), "field learning_rate 32 8\n") != nullptr);

    // A short buffer gets what fits and its closing zero, nothing beyond.
    char little[8];
    std::memset(little, 'x', sizeof(little));
    CHECK(cn_layout_report(little, 5, &length) == CN_STATUS_OK);
    CHECK(std::memcmp(little, "stru\0xxx", 8) == 0);
    return check::result();
}
