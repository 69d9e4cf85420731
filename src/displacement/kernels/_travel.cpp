// Least travel time from every cell to many destinations: the compiled kernel of `travel.py`.
//
// A group of destinations is worked out at once, one in each lane of a vector. Tiles of the grid leave a heap in the
// order of their smallest changed value and are swept until nothing in them changes; a tile comes back when a cell
// beside it has changed. A sum with a positive number and a minimum are monotone, so the values at which nothing
// changes any more do not depend on the order: they have the bits of Dijkstra's method in single precision, whatever
// the instruction set, the size of the tiles and the number of threads.

#include "_module.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <queue>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif
#include "_travel.hpp"

namespace {

using travel::CHUNK;
using travel::Field;
using travel::Variant;
using module::within;
using std::ptrdiff_t;

constexpr float NO_WAY = std::numeric_limits<float>::infinity();
constexpr double MOST_CHANGED = 0.1;  // share of cells whose edges differ, beyond which a field is computed afresh
constexpr double MOST_DROPPED = 0.25;  // share of cells that lose their support, beyond which it is as well

// ---------------------------------------------------------------------------------------------- instruction sets

std::vector<const Variant*> variants() {
#if defined(KERNEL_X86)
    return module::runnable(&travel::avx512, &travel::avx2, &travel::sse2, &travel::plain);
#else
    return module::runnable<Variant>(nullptr, nullptr, nullptr, &travel::plain);
#endif
}

// ---------------------------------------------------------------------------------------------------- the problem

struct Problem {
    ptrdiff_t rows, columns;
    float straight, diagonal;  // half the length of an edge [km]
    std::vector<const float*> pace;       // of each epoch, [row, column]; infinite where nobody can pass [h/km]
    std::vector<const uint8_t*> shut;     // of each epoch, edges that are closed as bits of `Direction`; may be null
    std::vector<std::vector<ptrdiff_t>> changed;  // cells of each epoch that differ from the epoch before
    std::vector<uint8_t> afresh;          // epochs that differ too much to be repaired
    const int64_t* destination;
    ptrdiff_t destinations;
    const int64_t* row_of_block;  // compressed rows: people of each block by cell
    std::vector<int64_t> cell;    // with the border
    const double* people;
    ptrdiff_t blocks;
    double* found;  // [epoch, block, destination]
    const Variant* variant;
    int tile;
    bool repairs;

    ptrdiff_t stride() const {
        // An odd number of lines of 16 cells: rows of a tile then lie in different sets of the caches.
        return ((columns + 2 + 15) / 16 | 1) * 16;
    }
    ptrdiff_t padded(int64_t cell_) const { return (cell_ / columns + 1) * stride() + cell_ % columns + 1; }
};

enum Direction { EAST = 1, SOUTH = 2, SOUTH_EAST = 4, SOUTH_WEST = 8 };

struct Edges {
    float east, south, south_east, south_west;
};

// Hours along the four edges that belong to a cell.
Edges edges_of(const Problem& problem, size_t epoch, ptrdiff_t row, ptrdiff_t column) {
    const ptrdiff_t at = row * problem.columns + column;
    const float* pace = problem.pace[epoch] + at;
    const int shut = problem.shut[epoch] == nullptr ? 0 : problem.shut[epoch][at];
    const bool below = row + 1 < problem.rows, after = column + 1 < problem.columns, before = column > 0;
    const float* next = pace + problem.columns;
    return {
        after && !(shut & EAST) ? problem.straight * (pace[0] + pace[1]) : NO_WAY,
        below && !(shut & SOUTH) ? problem.straight * (pace[0] + next[0]) : NO_WAY,
        below && after && !(shut & SOUTH_EAST) ? problem.diagonal * (pace[0] + next[1]) : NO_WAY,
        below && before && !(shut & SOUTH_WEST) ? problem.diagonal * (pace[0] + next[-1]) : NO_WAY,
    };
}

// Cells with an edge of their own that differs between two epochs.
std::vector<ptrdiff_t> differing(const Problem& problem, size_t epoch) {
    std::vector<ptrdiff_t> found;
    const float *now = problem.pace[epoch], *then = problem.pace[epoch - 1];
    const uint8_t *shut = problem.shut[epoch], *was_shut = problem.shut[epoch - 1];
    const ptrdiff_t cells = problem.rows * problem.columns;
    for (ptrdiff_t at = 0; at < cells; ++at) {
        const int one = shut == nullptr ? 0 : shut[at], other = was_shut == nullptr ? 0 : was_shut[at];
        if (now[at] != then[at] || one != other) found.push_back(at);
    }
    return found;
}

// ----------------------------------------------------------------------------------------------------- memory

// Room for numbers, in large pages where the system has them.
class Room {
   public:
    explicit Room(size_t count) {
        const size_t bytes = count * sizeof(float), page = size_t{1} << 21;
        const size_t whole = (bytes + page - 1) / page * page;
#if defined(_MSC_VER)
        start_ = static_cast<float*>(_aligned_malloc(whole, 4096));
#else
        const size_t align = bytes < page ? 4096 : page;
        start_ = static_cast<float*>(std::aligned_alloc(align, (bytes + align - 1) / align * align));
#endif
        if (start_ == nullptr) throw std::bad_alloc();
#if defined(__linux__)
        if (bytes >= page) madvise(start_, whole, MADV_HUGEPAGE);
#endif
    }
    ~Room() {
#if defined(_MSC_VER)
        _aligned_free(start_);
#else
        std::free(start_);
#endif
    }
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;
    float* get() const { return start_; }

   private:
    float* start_;
};

// ----------------------------------------------------------------------------------------------------- one group

struct Counts {
    int64_t visits = 0, dropped = 0, repaired = 0, afresh = 0;
};

class Group {
   public:
    explicit Group(const Problem& problem)
        : problem_(problem),
          lanes_(problem.variant->lanes),
          stride_(problem.stride()),
          cells_((problem.rows + 2) * stride_),
          hours_(static_cast<size_t>(cells_) * lanes_),
          edges_(static_cast<size_t>(cells_) * 4),
          waits_(cells_, 1),
          source_(lanes_, -1),
          before_(static_cast<size_t>(problem.tile) * lanes_) {
        field_.rows = problem.rows;
        field_.columns = problem.columns;
        field_.stride = stride_;
        field_.tile = problem.tile;
        field_.tile_rows = (problem.rows + problem.tile - 1) / problem.tile;
        field_.tile_columns = (problem.columns + problem.tile - 1) / problem.tile;
        field_.hours = hours_.get();
        field_.east = edges_.get();
        field_.south = field_.east + cells_;
        field_.south_east = field_.south + cells_;
        field_.south_west = field_.south_east + cells_;
        above_.assign((problem.rows + 2) * field_.tile_columns, 0);
        below_.assign(above_.size(), 0);
        right_.assign(above_.size(), 0);
        key_.assign(field_.tile_rows * field_.tile_columns, NO_WAY);
        queued_.assign(key_.size(), NO_WAY);
        field_.from_above = above_.data();
        field_.from_below = below_.data();
        field_.from_right = right_.data();
        field_.key = key_.data();
        field_.before = before_.data();
        for (ptrdiff_t row = 1; row <= problem.rows; ++row)
            std::fill_n(waits_.begin() + row * stride_ + 1, problem.columns, uint8_t{0});
    }

    // All epochs of some destinations: their fields, reduced to blocks.
    void run(const std::vector<ptrdiff_t>& members) {
        std::fill(source_.begin(), source_.end(), ptrdiff_t{-1});
        for (size_t lane = 0; lane < members.size(); ++lane)
            source_[lane] = problem_.padded(problem_.destination[members[lane]]);
        for (size_t epoch = 0; epoch < problem_.pace.size(); ++epoch) {
            const bool whole = epoch == 0 || problem_.afresh[epoch];
            if (whole || !repaired(epoch)) {
                if (whole) set_edges(epoch);
                seed();
                ++counts.afresh;
            } else {
                ++counts.repaired;
            }
            settle();
            reduce(epoch, members);
        }
    }

    Counts counts;

   private:
    float* plane(int direction) { return edges_.get() + direction * cells_; }

    void put_edges(size_t epoch, ptrdiff_t row, ptrdiff_t column) {
        const Edges edges = edges_of(problem_, epoch, row, column);
        const ptrdiff_t at = (row + 1) * stride_ + column + 1;
        plane(0)[at] = edges.east;
        plane(1)[at] = edges.south;
        plane(2)[at] = edges.south_east;
        plane(3)[at] = edges.south_west;
    }

    void set_edges(size_t epoch) {
        std::fill(plane(0), plane(0) + 4 * cells_, NO_WAY);
        for (ptrdiff_t row = 0; row < problem_.rows; ++row)
            for (ptrdiff_t column = 0; column < problem_.columns; ++column) put_edges(epoch, row, column);
    }

    void queue(ptrdiff_t tile) {
        if (key_[tile] < queued_[tile]) {
            queued_[tile] = key_[tile];
            heap_.emplace(key_[tile], tile);
        }
    }

    // Have a cell, given with the border, look at all its neighbours.
    void ask(ptrdiff_t row, ptrdiff_t column, float value) {
        if (row < 1 || row > problem_.rows || column < 1 || column > problem_.columns) return;
        const ptrdiff_t tile_row = (row - 1) / field_.tile, tile_column = (column - 1) / field_.tile;
        const uint32_t chunk = uint32_t{1} << ((column - 1) % field_.tile / CHUNK);
        for (std::vector<uint32_t>* looks : {&above_, &below_, &right_})
            (*looks)[row * field_.tile_columns + tile_column] |= chunk;
        const ptrdiff_t tile = tile_row * field_.tile_columns + tile_column;
        key_[tile] = std::min(key_[tile], value);
        queue(tile);
    }

    float smallest(ptrdiff_t cell) const {
        const float* values = hours_.get() + cell * lanes_;
        return *std::min_element(values, values + lanes_);
    }

    void seed() {
        std::fill(hours_.get(), hours_.get() + cells_ * lanes_, NO_WAY);
        for (int lane = 0; lane < lanes_; ++lane) {
            if (source_[lane] < 0) continue;
            hours_.get()[source_[lane] * lanes_ + lane] = 0.0f;
            const ptrdiff_t row = source_[lane] / stride_, column = source_[lane] % stride_;
            for (ptrdiff_t down = -1; down <= 1; ++down)
                for (ptrdiff_t right = -1; right <= 1; ++right) ask(row + down, column + right, 0.0f);
        }
    }

    void settle() {
        while (!heap_.empty()) {
            const auto [value, tile] = heap_.top();
            heap_.pop();
            if (value != queued_[tile]) continue;
            queued_[tile] = key_[tile] = NO_WAY;
            const ptrdiff_t row = tile / field_.tile_columns, column = tile % field_.tile_columns;
            problem_.variant->settle(field_, row, column);
            ++counts.visits;
            for (ptrdiff_t r = std::max<ptrdiff_t>(row - 1, 0); r <= std::min(row + 1, field_.tile_rows - 1); ++r)
                for (ptrdiff_t c = std::max<ptrdiff_t>(column - 1, 0);
                     c <= std::min(column + 1, field_.tile_columns - 1); ++c)
                    queue(r * field_.tile_columns + c);
        }
    }

    // Bring the field of one epoch to the next: drop what hung on edges that cost more now, and have what is left ask
    // anew. False where so much is dropped that it is quicker to begin afresh; the edges are those of the new epoch.
    bool repaired(size_t epoch) {
        std::vector<ptrdiff_t> waiting, next;
        std::vector<std::pair<ptrdiff_t, ptrdiff_t>> shortened;
        const auto wait = [&](ptrdiff_t cell, std::vector<ptrdiff_t>& list) {
            if (waits_[cell]) return;
            waits_[cell] = 1;
            list.push_back(cell);
        };
        for (const ptrdiff_t cell : problem_.changed[epoch]) renew(epoch, cell, [&](ptrdiff_t one, ptrdiff_t other, bool raised) {
            if (raised) {
                wait(one, waiting);
                wait(other, waiting);
            } else {
                shortened.emplace_back(one, other);
            }
        });
        std::vector<std::pair<ptrdiff_t, float>> dropped;
        const size_t most = static_cast<size_t>(MOST_DROPPED * static_cast<double>(problem_.rows * problem_.columns));
        while (!waiting.empty() && dropped.size() <= most) {
            next.clear();
            for (const ptrdiff_t cell : waiting) {
                waits_[cell] = 0;
                float least;
                ptrdiff_t hung[8];
                const int count = problem_.variant->drop(field_, cell, &least, hung);
                if (least < NO_WAY) dropped.emplace_back(cell, least);
                for (int i = 0; i < count; ++i) wait(hung[i], next);
            }
            waiting.swap(next);
        }
        counts.dropped += static_cast<int64_t>(dropped.size());
        if (!waiting.empty()) {
            for (const ptrdiff_t cell : waiting) waits_[cell] = 0;
            return false;
        }
        for (const auto& [cell, least] : dropped) ask(cell / stride_, cell % stride_, least);
        for (const auto& [one, other] : shortened) {
            const float least = std::min(smallest(one), smallest(other));
            ask(one / stride_, one % stride_, least);
            ask(other / stride_, other % stride_, least);
        }
        return true;
    }

    // Set the edges at a cell to a new epoch, and tell which cost more and which less than before.
    template <typename Told>
    void renew(size_t epoch, ptrdiff_t cell, Told told) {
        const ptrdiff_t row = cell / problem_.columns, column = cell % problem_.columns;
        const ptrdiff_t owners[4][2] = {{row, column}, {row - 1, column}, {row - 1, column - 1}, {row - 1, column + 1}};
        const ptrdiff_t ends[4] = {1, stride_, stride_ + 1, stride_ - 1};
        const auto renewed = [&](ptrdiff_t r, ptrdiff_t c) {
            if (r < 0 || c < 0 || c >= problem_.columns) return;
            const ptrdiff_t at = (r + 1) * stride_ + c + 1;
            const float old[4] = {plane(0)[at], plane(1)[at], plane(2)[at], plane(3)[at]};
            put_edges(epoch, r, c);
            for (int direction = 0; direction < 4; ++direction) {
                const float now = plane(direction)[at];
                if (now != old[direction]) told(at, at + ends[direction], now > old[direction]);
            }
        };
        for (const auto& owner : owners) renewed(owner[0], owner[1]);
        renewed(row, column - 1);
    }

    void reduce(size_t epoch, const std::vector<ptrdiff_t>& members) {
        std::vector<double> means(lanes_);
        double* found = problem_.found + epoch * problem_.blocks * problem_.destinations;
        for (ptrdiff_t block = 0; block < problem_.blocks; ++block) {
            const int64_t first = problem_.row_of_block[block], count = problem_.row_of_block[block + 1] - first;
            problem_.variant->mean(hours_.get(), problem_.cell.data() + first, problem_.people + first, count,
                                   means.data());
            for (size_t lane = 0; lane < members.size(); ++lane)
                found[block * problem_.destinations + members[lane]] = means[lane];
        }
    }

    using Entry = std::pair<float, ptrdiff_t>;

    const Problem& problem_;
    const int lanes_;
    const ptrdiff_t stride_, cells_;
    Room hours_, edges_;
    std::vector<uint8_t> waits_;  // whether a cell is on the list of those to look at; the border never gets there
    std::vector<ptrdiff_t> source_;
    std::vector<uint32_t> above_, below_, right_;
    std::vector<float> key_, queued_, before_;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<Entry>> heap_;
    Field field_;
};

// --------------------------------------------------------------------------------------------------- all groups

uint64_t spread(uint64_t value) {
    value &= 0xffffffff;
    for (int shift : {16, 8, 4, 2, 1}) {
        static const uint64_t masks[] = {0x0000ffff0000ffff, 0x00ff00ff00ff00ff, 0x0f0f0f0f0f0f0f0f,
                                         0x3333333333333333, 0x5555555555555555};
        const int at = shift == 16 ? 0 : shift == 8 ? 1 : shift == 4 ? 2 : shift == 2 ? 3 : 4;
        value = (value | value << shift) & masks[at];
    }
    return value;
}

// Destinations in groups of neighbours: along a Z-shaped curve, cut into even parts.
std::vector<std::vector<ptrdiff_t>> groups(const Problem& problem) {
    std::vector<std::pair<uint64_t, ptrdiff_t>> order;
    for (ptrdiff_t at = 0; at < problem.destinations; ++at) {
        const uint64_t row = problem.destination[at] / problem.columns, column = problem.destination[at] % problem.columns;
        order.emplace_back(spread(row) << 1 | spread(column), at);
    }
    std::sort(order.begin(), order.end());
    const ptrdiff_t lanes = problem.variant->lanes, count = (problem.destinations + lanes - 1) / lanes;
    std::vector<std::vector<ptrdiff_t>> found(count);
    for (ptrdiff_t group = 0; group < count; ++group)
        for (ptrdiff_t at = group * problem.destinations / count; at < (group + 1) * problem.destinations / count; ++at)
            found[group].push_back(order[at].second);
    return found;
}

// Work through the groups on some threads. False where memory ran out.
bool solve(const Problem& problem, int threads, Counts& counts) {
    const auto parts = groups(problem);
    std::atomic<size_t> next{0};
    std::atomic<bool> failed{false};
    std::atomic<int64_t> visits{0}, dropped{0}, repaired{0}, afresh{0};
    const auto work = [&]() noexcept {
        try {
            Group group(problem);
            for (size_t at = next++; at < parts.size() && !failed; at = next++) group.run(parts[at]);
            visits += group.counts.visits;
            dropped += group.counts.dropped;
            repaired += group.counts.repaired;
            afresh += group.counts.afresh;
        } catch (...) {
            failed = true;
        }
    };
    const size_t workers = std::min<size_t>(std::max(threads, 1), parts.size());
    std::vector<std::thread> others;
    for (size_t worker = 1; worker < workers; ++worker) {
        try {
            others.emplace_back(work);
        } catch (...) {
            break;  // the threads that did start do the work
        }
    }
    work();
    for (std::thread& other : others) other.join();
    counts = {visits, dropped, repaired, afresh};
    return !failed;
}

// ------------------------------------------------------------------------------------------------ Python's side

PyObject* means(PyObject*, PyObject* arguments) {
    PyObject *paces, *shuts, *destination, *row_of_block, *cell, *people, *found;
    Py_ssize_t rows, columns, destinations, blocks, entries;
    float straight, diagonal;
    const char* name;
    int threads, tile, repairs;
    if (!PyArg_ParseTuple(arguments, "O!O!nnffOnOnOOnOsiip", &PyTuple_Type, &paces, &PyTuple_Type, &shuts, &rows,
                          &columns, &straight, &diagonal, &destination, &destinations, &row_of_block, &blocks, &cell,
                          &people, &entries, &found, &name, &threads, &tile, &repairs))
        return nullptr;
    const Py_ssize_t epochs = PyTuple_Size(paces);
    if (rows < 1 || columns < 1 || destinations < 0 || blocks < 0 || entries < 0 || PyTuple_Size(shuts) != epochs ||
        tile < CHUNK || tile > travel::MOST_TILE || tile % CHUNK != 0) {
        PyErr_SetString(PyExc_ValueError, "sizes that do not fit");
        return nullptr;
    }
    Problem problem;
    problem.variant = module::chosen(variants(), name);
    if (problem.variant == nullptr) return nullptr;
    problem.rows = rows;
    problem.columns = columns;
    problem.straight = straight;
    problem.diagonal = diagonal;
    problem.destinations = destinations;
    problem.blocks = blocks;
    problem.tile = tile;
    problem.repairs = repairs != 0;
    const Py_ssize_t cells = rows * columns;
    try {
        module::Buffers buffers;
        for (Py_ssize_t epoch = 0; epoch < epochs; ++epoch) {
            problem.pace.push_back(buffers.read<float>(PyTuple_GetItem(paces, epoch), cells, "pace"));
            if (problem.pace.back() == nullptr) return nullptr;
            PyObject* given = PyTuple_GetItem(shuts, epoch);
            problem.shut.push_back(given == Py_None ? nullptr : buffers.read<uint8_t>(given, cells, "shut"));
            if (given != Py_None && problem.shut.back() == nullptr) return nullptr;
        }
        problem.destination = buffers.read<int64_t>(destination, destinations, "destinations");
        if (problem.destination == nullptr || !within(problem.destination, destinations, cells, "destinations"))
            return nullptr;
        problem.row_of_block = buffers.read<int64_t>(row_of_block, blocks + 1, "blocks");
        if (problem.row_of_block == nullptr) return nullptr;
        const int64_t* in_block = buffers.read<int64_t>(cell, entries, "cells");
        if (in_block == nullptr || !within(in_block, entries, cells, "cells")) return nullptr;
        problem.people = buffers.read<double>(people, entries, "people");
        if (problem.people == nullptr) return nullptr;
        if (problem.row_of_block[0] != 0 || problem.row_of_block[blocks] != entries ||
            !std::is_sorted(problem.row_of_block, problem.row_of_block + blocks + 1)) {
            PyErr_SetString(PyExc_ValueError, "blocks that do not fit");
            return nullptr;
        }
        problem.found = buffers.write<double>(found, epochs * blocks * destinations, "found");
        if (problem.found == nullptr) return nullptr;

        Counts counts;
        bool done;
        Py_BEGIN_ALLOW_THREADS;
        try {
            problem.cell.assign(in_block, in_block + entries);
            for (int64_t& one : problem.cell) one = problem.padded(one);
            problem.changed.resize(epochs);
            problem.afresh.assign(epochs, 1);
            for (Py_ssize_t epoch = 1; epoch < epochs && problem.repairs; ++epoch) {
                problem.changed[epoch] = differing(problem, epoch);
                problem.afresh[epoch] = static_cast<double>(problem.changed[epoch].size()) > MOST_CHANGED * static_cast<double>(cells);
            }
            done = solve(problem, threads, counts);
        } catch (...) {
            done = false;
        }
        Py_END_ALLOW_THREADS;
        if (!done) return PyErr_NoMemory();
        return Py_BuildValue("{s:L,s:L,s:L,s:L}", "visits", static_cast<long long>(counts.visits), "dropped",
                             static_cast<long long>(counts.dropped), "repaired", static_cast<long long>(counts.repaired),
                             "afresh", static_cast<long long>(counts.afresh));
    } catch (const std::bad_alloc&) {
        return PyErr_NoMemory();
    }
}

// Names and lanes of the variants that this processor can run, the fastest first.
PyObject* available(PyObject*, PyObject*) {
    const auto all = variants();
    PyObject* found = PyTuple_New(static_cast<Py_ssize_t>(all.size()));
    for (size_t at = 0; found != nullptr && at < all.size(); ++at) {
        PyObject* item = Py_BuildValue("(si)", all[at]->name, all[at]->lanes);
        if (item == nullptr || PyTuple_SetItem(found, static_cast<Py_ssize_t>(at), item) != 0) Py_CLEAR(found);
    }
    return found;
}

PyMethodDef methods[] = {
    {"means", means, METH_VARARGS, "Mean hours from blocks to destinations, in several epochs."},
    {"variants", available, METH_NOARGS, "Names and lanes of the variants this processor can run."},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_travel", "The compiled travel-time kernel.", -1, methods, nullptr, nullptr, nullptr, nullptr,
};

}  // namespace

PyMODINIT_FUNC PyInit__travel() { return PyModule_Create(&definition); }
