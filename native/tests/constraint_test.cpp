// Constraints of some of the tensors against plain loops.
#include "refusal.h"

#include <algorithm>

using namespace device;

namespace {

class Constraint {
public:
    Constraint(cn_context* context, int64_t count, const std::vector<cn_constraint>& constraints) {
        cn_constraint_desc d{sizeof(cn_constraint_desc), 0, count, static_cast<int64_t>(constraints.size())};
        ok(cn_constraint_create(context, &d, constraints.data(), &_op));
    }
    Constraint(const Constraint&) = delete;
    Constraint& operator=(const Constraint&) = delete;
    ~Constraint() { cn_op_destroy(_op); }
    operator cn_op*() const { return _op; }

private:
    cn_op* _op = nullptr;
};

double constrained(const cn_constraint& c, double weight, double norm) {
    switch (c.constraint) {
    case CN_CONSTRAINT_MAX_NORM:
        return weight * std::min(norm, c.maximum) / (norm + 1e-7);
    case CN_CONSTRAINT_UNIT_NORM:
        return weight / (norm + 1e-7);
    case CN_CONSTRAINT_MIN_MAX_NORM:
        return weight * (c.rate * std::clamp(norm, c.minimum, c.maximum) + (1 - c.rate) * norm) / (norm + 1e-7);
    default:
        return std::max(weight, 0.0);
    }
}

void test(const Device& device, const std::vector<float>& weights, const std::vector<cn_constraint>& constraints, double relative,
          size_t shift) {
    std::vector<double> expected(weights.begin(), weights.end());
    for (const cn_constraint& c : constraints) {
        for (int64_t column = 0; column < c.columns; ++column) {
            auto at = [&](int64_t row) { return static_cast<size_t>(c.offset + row * c.columns + column); };
            double squares = 0;
            for (int64_t row = 0; row < c.rows; ++row) {
                squares += expected[at(row)] * expected[at(row)];
            }
            for (int64_t row = 0; row < c.rows; ++row) {
                expected[at(row)] = constrained(c, expected[at(row)], std::sqrt(squares));
            }
        }
    }
    std::vector<float> first_weights;
    for_each_variant(device, [&](cn_context* context, bool first) {
        Constraint op(context, static_cast<int64_t>(weights.size()), constraints);
        Array<float> w(context, weights, shift);
        ok(cn_constraint_apply(op, w));
        CHECK_CLOSE(expected, w, relative, 0);
        if (first) {
            first_weights = w.values();
        }
        CHECK(w.same_bits(first_weights));
    });
}

cn_constraint of(int32_t kind, int64_t offset, int64_t rows, int64_t columns) {
    cn_constraint c{offset, rows, columns, kind, 0, 0, 0, 0};
    c.maximum = kind == CN_CONSTRAINT_MAX_NORM ? 1.5 : kind == CN_CONSTRAINT_MIN_MAX_NORM ? 2.0 : 0.0;
    c.minimum = kind == CN_CONSTRAINT_MIN_MAX_NORM ? 1.0 : 0.0;
    c.rate = kind == CN_CONSTRAINT_MIN_MAX_NORM ? 0.75 : 0.0;
    return c;
}

void test_shapes(const Device& device) {
    Random random(17);
    const int64_t shapes[][2] = {{1, 1}, {5, 1}, {1, 9}, {700, 1}, {9, 3}, {4, 8}, {300, 17}, {27, 64}, {3, 130}, {40, 300}};
    for (const auto& shape : shapes) {
        for (int32_t kind : {CN_CONSTRAINT_MAX_NORM, CN_CONSTRAINT_NON_NEGATIVE, CN_CONSTRAINT_UNIT_NORM, CN_CONSTRAINT_MIN_MAX_NORM}) {
            test(device, random.floats(shape[0] * shape[1] + 9), {of(kind, 5, shape[0], shape[1])}, 1e-6, kind == 0 ? 1 : 0);
        }
    }
    std::vector<cn_constraint> many;
    int64_t end = 0;
    for (int32_t i = 0; i < 60; ++i) {
        int64_t rows = 1 + i % 7, columns = 1 + i * 5 % 23;
        many.push_back(of(i % 4, end + i % 3, rows, columns));
        end = many.back().offset + rows * columns;
    }
    test(device, random.floats(end, -2, 2), many, 1e-6, 0);
}

// Columns of 0, of a norm of 5 and of one of 13.
void test_known(const Device& device) {
    Context context(device);
    cn_constraint maximum = of(CN_CONSTRAINT_MAX_NORM, 0, 2, 3);
    maximum.maximum = 6.5;
    Constraint op(context, 6, {maximum});
    Array<float> w(context, {0, 3, 5, 0, -4, 12});
    ok(cn_constraint_apply(op, w));
    CHECK_CLOSE(std::vector<double>({0, 3, 2.5, 0, -4, 6}), w, 1e-7, 0);
    Constraint clip(context, 6, {of(CN_CONSTRAINT_NON_NEGATIVE, 1, 1, 4)});
    w.write({-1, -2, NAN, 3, -0.0f, -5});
    ok(cn_constraint_apply(clip, w));
    CHECK_CLOSE(std::vector<double>({-1, 0, NAN, 3, 0, -5}), w, 0, 0);
    Constraint unit(context, 6, {of(CN_CONSTRAINT_UNIT_NORM, 0, 3, 2)});
    w.write({3, NAN, 4, 1, 0, 1});
    ok(cn_constraint_apply(unit, w));
    CHECK_CLOSE(std::vector<double>({0.6, NAN, 0.8, NAN, 0, NAN}), w, 1e-6, 0);
}

void test_refusals(const Device& device) {
    Context context(device);
    using Change = std::function<void(cn_constraint_desc&, std::vector<cn_constraint>&)>;
    auto refused = [&](const Change& change, const char* words) {
        cn_constraint_desc d{sizeof(cn_constraint_desc), 0, 64, 2};
        std::vector<cn_constraint> all{of(CN_CONSTRAINT_MIN_MAX_NORM, 0, 4, 3), of(CN_CONSTRAINT_UNIT_NORM, 16, 12, 4)};
        change(d, all);
        cn_op* op = nullptr;
        REFUSED_CALL(cn_constraint_create(context, &d, all.empty() ? nullptr : all.data(), &op), words);
        CHECK(op == nullptr);
    };
    refused([](auto& d, auto&) { d.struct_size = 8; }, "struct_size is 8");
    refused([](auto& d, auto&) { d.reserved = 1; }, "reserved");
    refused([](auto& d, auto&) { d.count = 0; }, "count is 0");
    refused([](auto& d, auto&) { d.tensors = 0; }, "tensors is 0");
    refused([](auto&, auto& c) { c.clear(); }, "host_constraints is null");
    refused([](auto&, auto& c) { c[0].rows = 0; }, "rows is 0");
    refused([](auto&, auto& c) { c[0].columns = 65; }, "columns is 65");
    refused([](auto&, auto& c) { c[1].offset = 11; }, "host_constraints[1].offset is 11: it must be from 12");
    refused([](auto&, auto& c) { c[1].rows = 13; }, "host_constraints[1] has 52 weights: they must be from 1 to 48");
    refused([](auto&, auto& c) { c[1].constraint = 4; }, "constraint is 4");
    refused([](auto&, auto& c) { c[1].reserved = 4; }, "reserved");
    refused([](auto&, auto& c) { c[1].maximum = 1; }, "host_constraints[1].maximum is 1: it must be 0");
    refused([](auto&, auto& c) { c[0].maximum = -1; }, "host_constraints[0].maximum is -1");
    refused([](auto&, auto& c) { c[0].minimum = 3; }, "host_constraints[0].minimum is 3: it must be from 0 to 2");
    refused([](auto&, auto& c) { c[0].rate = 1.5; }, "host_constraints[0].rate is 1.5: it must be from 0 to 1");
    refused([](auto&, auto& c) { c[0].rate = NAN; }, "host_constraints[0].rate is nan");
    Constraint op(context, 64, {of(CN_CONSTRAINT_UNIT_NORM, 0, 8, 8)});
    REFUSED_CALL(cn_constraint_apply(op, nullptr), "parameters is null");
    REFUSED_CALL(cn_constraint_apply(nullptr, nullptr), "op is null");
}

} // namespace

int main() {
    for_each_device([](const Device& device) {
        test_shapes(device);
        test_known(device);
        test_refusals(device);
    });
    return check::result();
}
