// Checks of lists that say something of some of the tensors among the parameters.
#pragma once

#include <cstdint>

namespace compiled::abi {

class TensorOrder {
public:
    // A list of that name, of tensors among `count` floats.
    TensorOrder(const char* list, int64_t count) : _list(list), _count(count) {}

    // The next of the list, behind the one before.
    void require_next(int64_t offset, int64_t size);

    // What is said of it: a number of at least 0 and at most `largest`; by default of those that a float can be.
    void require_float(const char* name, double value) const;
    void require_number(const char* name, double value, double largest) const;
    [[noreturn]] void fail_number(const char* name, double value, const char* remedy) const;

    long long index() const { return _index; }

private:
    const char* _list;
    int64_t _count;
    long long _index = -1;
    int64_t _end = 0;
};

} // namespace compiled::abi
