// A test program is a main that calls CHECK and returns check::result(): no framework to install.
#pragma once

#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace check {

inline int failures = 0;
inline int passed = 0;
inline std::string scope; // what is being tested, for messages

inline void that(bool condition, const char* file, int line, const std::string& text) {
    if (condition) {
        ++passed;
    } else if (++failures <= 50) {
        std::printf("%s:%d: [%s] failed: %s\n", file, line, scope.c_str(), text.c_str());
    }
}

inline int result() {
    std::printf("%d checks passed, %d failed\n", passed, failures);
    return failures == 0 ? 0 : 1;
}

// |actual - expected| <= absolute + relative * |expected|, NaN equal to NaN.
inline void close(const std::vector<double>& expected, const std::vector<float>& actual, double relative, double absolute, const char* file,
                  int line, const char* name) {
    if (actual.size() != expected.size()) {
        that(false, file, line, std::string(name) + " has " + std::to_string(actual.size()) + " values");
        return;
    }
    for (size_t i = 0; i < expected.size(); ++i) {
        auto value = static_cast<double>(actual[i]);
        bool equal = std::fabs(value - expected[i]) <= absolute + relative * std::fabs(expected[i]) || value == expected[i] ||
                     (std::isnan(value) && std::isnan(expected[i]));
        if (!equal) {
            char text[160];
            std::snprintf(text, sizeof(text), "%s[%zu] is %.9g, expected %.9g", name, i, value, expected[i]);
            that(false, file, line, text);
            return;
        }
    }
    that(true, file, line, name);
}

} // namespace check

#define CHECK(condition) check::that(condition, __FILE__, __LINE__, #condition)
#define CHECK_CLOSE(expected, actual, relative, absolute) check::close(expected, actual, relative, absolute, __FILE__, __LINE__, #actual)
