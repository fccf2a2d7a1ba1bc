// Builds with the address sanitizer: whether it ends a process, tried in a child.
#pragma once

#include "../sim/sanitizer.h"
#include "check.h"

#if defined(CN_SIM_ASAN)

#include <sys/wait.h>
#include <unistd.h>

template <class Body>
bool sanitizer_ends(const Body& body) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 2);
        body();
        _exit(0);
    }
    close(ends[1]);
    std::string output;
    char buffer[4096];
    for (ssize_t got = 0; (got = read(ends[0], buffer, sizeof(buffer))) > 0;) {
        output.append(buffer, static_cast<size_t>(got));
    }
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    return (!WIFEXITED(status) || WEXITSTATUS(status) != 0) && output.find("AddressSanitizer") != std::string::npos;
}

#endif
