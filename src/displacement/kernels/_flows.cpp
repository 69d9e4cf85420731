// Flows of people between two steps: the compiled kernel of `flows.py`.

#include "_module.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>

#include "_flows.hpp"

namespace {

using flows::Draw;
using flows::Leaving;
using flows::Ring;
using flows::Sending;
using flows::Timetable;
using flows::Variant;
using module::Buffers;
using module::within;

std::vector<const Variant*> variants() {
#if defined(KERNEL_X86)
    return module::runnable(&flows::avx512, &flows::avx2, &flows::sse2, &flows::plain);
#else
    return module::runnable<Variant>(nullptr, nullptr, nullptr, &flows::plain);
#endif
}

// Arrays of a draw: (near, entries, entry, key, weight, keys, groups, places); false with an error set otherwise.
bool opened(PyObject* given, Draw& draw, Py_ssize_t& keys, Buffers& buffers) {
    PyObject *near, *entry, *key, *weight;
    Py_ssize_t entries;
    if (!PyArg_ParseTuple(given, "OnOOOnnn", &near, &entries, &entry, &key, &weight, &keys, &draw.groups, &draw.places))
        return false;
    draw.near = buffers.read<double>(near, entries * draw.places, "near");
    if (draw.near == nullptr) return false;
    draw.entry = buffers.read<int64_t>(entry, draw.groups, "entry");
    if (draw.entry == nullptr || !within(draw.entry, draw.groups, entries, "entry")) return false;
    draw.key = buffers.read<int64_t>(key, draw.groups, "key");
    if (draw.key == nullptr || !within(draw.key, draw.groups, keys, "key")) return false;
    draw.weight = buffers.read<double>(weight, keys * draw.places, "weight");
    return draw.weight != nullptr;
}

PyObject* totals(PyObject*, PyObject* arguments) {
    PyObject *given, *total;
    const char* name;
    if (!PyArg_ParseTuple(arguments, "sO!O", &name, &PyTuple_Type, &given, &total)) return nullptr;
    const Variant* variant = module::chosen(variants(), name);
    Buffers buffers;
    Draw draw;
    Py_ssize_t keys;
    if (variant == nullptr || !opened(given, draw, keys, buffers)) return nullptr;
    double* found = buffers.write<double>(total, draw.groups, "total");
    if (found == nullptr) return nullptr;
    Py_BEGIN_ALLOW_THREADS;
    variant->totals(draw, found);
    Py_END_ALLOW_THREADS;
    Py_RETURN_NONE;
}

PyObject* pulled(PyObject*, PyObject* arguments) {
    PyObject *given, *people, *pull;
    const char* name;
    if (!PyArg_ParseTuple(arguments, "sO!OO", &name, &PyTuple_Type, &given, &people, &pull)) return nullptr;
    const Variant* variant = module::chosen(variants(), name);
    Buffers buffers;
    Draw draw;
    Py_ssize_t keys;
    if (variant == nullptr || !opened(given, draw, keys, buffers)) return nullptr;
    const double* going = buffers.read<double>(people, draw.groups, "people");
    if (going == nullptr) return nullptr;
    double* found = buffers.write<double>(pull, keys * draw.places, "found");
    if (found == nullptr) return nullptr;
    Py_BEGIN_ALLOW_THREADS;
    variant->pulled(draw, going, found);
    Py_END_ALLOW_THREADS;
    Py_RETURN_NONE;
}

// What crowding and full places come to, place by place.
struct Places {
    Py_ssize_t count;
    const uint8_t* full;
    const double *room, *occupied, *capacity, *least;  // `room` of those that are full, `capacity` of the others
    double crowding, highest;

    // The mu that fits what pulls people to a place: it is just filled, or mu = crowding ln(1 + (occupied + pull
    // exp(-mu)) / capacity), by Newton's steps.
    double fitted(Py_ssize_t place, double price, double pull) const {
        if (full[place]) return pull > room[place] ? std::log(pull / room[place]) : 0.0;
        if (!std::isfinite(price)) price = least[place];
        for (int step = 0; step < NEWTON; ++step) {
            const double arriving = pull * std::exp(-price);
            const double filled = capacity[place] + occupied[place] + arriving;
            const double gap = price - crowding * std::log1p((occupied[place] + arriving) / capacity[place]);
            const double next = within(place, price - gap / (1.0 + crowding * arriving / filled));
            const bool near = std::abs(next - price) <= NEAR;
            price = next;
            if (near) break;
        }
        return price;
    }

    double within(Py_ssize_t place, double price) const {
        const double most = full[place] ? std::numeric_limits<double>::infinity() : highest;
        return std::min(std::max(price, least[place]), most);
    }

    static constexpr int NEWTON = 4;
    static constexpr double NEAR = 1e-9;  // what a step so short leaves is lost in rounding, for the next is its square
};

struct Party {
    Draw draw;
    Py_ssize_t keys;
    const double *attraction, *people;
    std::vector<double> weight, pulled;
};

// Sweeps until no price changes any more: rows by what pulls people, columns by what their prices fit. Where changes
// fall in proportion the next sweep begins further on, from the secant of the last two.
void sweep(const Variant& variant, std::vector<Party>& parties, const Places& places, double* factor, Py_ssize_t most,
           double tolerance, double linear, double fastest) {
    const Py_ssize_t count = places.count;
    std::vector<double> pull(count), price(count), found(count), step(count), step_before(count), found_before(count);
    std::vector<uint8_t> ever(count);
    for (Py_ssize_t place = 0; place < count; ++place) {
        ever[place] = factor[place] > 0;
        price[place] = ever[place] ? -std::log(factor[place]) : 0.0;
    }
    double before = 0.0, rate = 1.0;
    bool guessed = false;
    for (Py_ssize_t sweeps = 0; sweeps < most; ++sweeps) {
        for (Py_ssize_t place = 0; place < count; ++place) factor[place] = ever[place] ? std::exp(-price[place]) : 0.0;
        std::fill(pull.begin(), pull.end(), 0.0);
        for (Party& party : parties) {
            for (Py_ssize_t key = 0; key < party.keys; ++key)
                for (Py_ssize_t place = 0; place < count; ++place)
                    party.weight[key * count + place] = party.attraction[key * count + place] * factor[place];
            std::fill(party.pulled.begin(), party.pulled.end(), 0.0);
            variant.pulled(party.draw, party.people, party.pulled.data());
            for (Py_ssize_t key = 0; key < party.keys; ++key)
                for (Py_ssize_t place = 0; place < count; ++place)
                    pull[place] += party.pulled[key * count + place] * party.attraction[key * count + place];
        }
        double change = 0.0, along = 0.0, turned = 0.0;
        for (Py_ssize_t place = 0; place < count; ++place) {
            if (!ever[place]) continue;
            found[place] = places.fitted(place, price[place], pull[place]);
            step[place] = found[place] - price[place];
            change = std::max(change, std::abs(std::expm1(-step[place])));
            const double turn = step[place] - step_before[place];
            along += step[place] * turn;
            turned += turn * turn;
        }
        if (!guessed)
            rate = before > 0 && before <= linear ? std::max(change / before, fastest) : 1.0;
        else if (change > linear * before)
            rate = 1.0;
        const bool last = change <= tolerance || (rate <= linear && change * rate <= (1.0 - rate) * tolerance);
        const double part = rate <= linear && turned > 0 ? along / turned : 1.0;
        guessed = !last && std::abs(part) <= 2.0 * linear;
        for (Py_ssize_t place = 0; place < count; ++place) {
            if (!ever[place]) continue;
            price[place] = guessed ? places.within(place, found[place] - part * (found[place] - found_before[place]))
                                   : found[place];
        }
        if (last) break;
        before = change;
        step.swap(step_before);
        found.swap(found_before);
    }
    for (Py_ssize_t place = 0; place < count; ++place) factor[place] = ever[place] ? std::exp(-price[place]) : 0.0;
}

PyObject* prices(PyObject*, PyObject* arguments) {
    PyObject *draws, *people, *full, *room, *occupied, *capacity, *least, *factor;
    Places places;
    Py_ssize_t most;
    double tolerance, linear, fastest;
    const char* name;
    if (!PyArg_ParseTuple(arguments, "sO!O!nOOOOOddOnddd", &name, &PyTuple_Type, &draws, &PyTuple_Type, &people,
                          &places.count, &full, &room, &occupied, &capacity, &least, &places.crowding, &places.highest,
                          &factor, &most, &tolerance, &linear, &fastest))
        return nullptr;
    const Variant* variant = module::chosen(variants(), name);
    if (variant == nullptr) return nullptr;
    Buffers buffers;
    if ((places.full = buffers.read<uint8_t>(full, places.count, "full")) == nullptr) return nullptr;
    if ((places.room = buffers.read<double>(room, places.count, "room")) == nullptr) return nullptr;
    if ((places.occupied = buffers.read<double>(occupied, places.count, "occupied")) == nullptr) return nullptr;
    if ((places.capacity = buffers.read<double>(capacity, places.count, "capacity")) == nullptr) return nullptr;
    if ((places.least = buffers.read<double>(least, places.count, "least")) == nullptr) return nullptr;
    double* found = buffers.write<double>(factor, places.count, "factor");
    if (found == nullptr) return nullptr;
    if (PyTuple_Size(people) != PyTuple_Size(draws)) {
        PyErr_SetString(PyExc_ValueError, "people and draws that do not fit");
        return nullptr;
    }
    try {
        std::vector<Party> parties(PyTuple_Size(draws));
        for (size_t at = 0; at < parties.size(); ++at) {
            Party& party = parties[at];
            PyObject* given = PyTuple_GetItem(draws, static_cast<Py_ssize_t>(at));
            if (!PyTuple_Check(given) || !opened(given, party.draw, party.keys, buffers)) return nullptr;
            if (party.draw.places != places.count) {
                PyErr_SetString(PyExc_ValueError, "draws of other places");
                return nullptr;
            }
            party.people = buffers.read<double>(PyTuple_GetItem(people, static_cast<Py_ssize_t>(at)), party.draw.groups, "people");
            if (party.people == nullptr) return nullptr;
            party.attraction = party.draw.weight;
            party.weight.resize(party.keys * places.count);
            party.pulled.resize(party.weight.size());
            party.draw.weight = party.weight.data();
        }
        Py_BEGIN_ALLOW_THREADS;
        sweep(*variant, parties, places, found, most, tolerance, linear, fastest);
        Py_END_ALLOW_THREADS;
        Py_RETURN_NONE;
    } catch (const std::bad_alloc&) {
        return PyErr_NoMemory();
    }
}

// Weights by class with lags filled up with zeros, each row of eights within a line of the cache; they lie in `room`.
const double* by_class(const double* by_lag, Py_ssize_t lags, Py_ssize_t classes, Py_ssize_t padded,
                       std::vector<double>& room) {
    constexpr size_t LINE = 64;
    room.assign(static_cast<size_t>(classes * padded) + LINE / sizeof(double), 0.0);
    const size_t beyond = reinterpret_cast<uintptr_t>(room.data()) % LINE;
    double* first = room.data() + (LINE - beyond) % LINE / sizeof(double);
    for (Py_ssize_t lag = 0; lag < lags; ++lag)
        for (Py_ssize_t own = 0; own < classes; ++own) first[own * padded + lag] = by_lag[lag * classes + own];
    return first;
}

PyObject* arriving(PyObject*, PyObject* arguments) {
    PyObject *given, *each, *first, *member, *origin, *cost, *weights, *sent, *by_lag;
    Py_ssize_t sets, origins, costs, lags;
    const char* name;
    if (!PyArg_ParseTuple(arguments, "sO!OOnOOOnOnnOO", &name, &PyTuple_Type, &given, &each, &first, &sets, &member,
                          &origin, &cost, &origins, &weights, &costs, &lags, &sent, &by_lag))
        return nullptr;
    const Variant* variant = module::chosen(variants(), name);
    Buffers buffers;
    Draw draw;
    Py_ssize_t keys;
    if (variant == nullptr || !opened(given, draw, keys, buffers)) return nullptr;
    Timetable table;
    table.sets = sets;
    table.classes = costs;
    table.lags = lags;
    table.padded = (lags + 7) / 8 * 8;
    const double* going = buffers.read<double>(each, draw.groups, "each");
    if (going == nullptr) return nullptr;
    if ((table.first = buffers.read<int64_t>(first, sets + 1, "first")) == nullptr) return nullptr;
    if (table.first[0] != 0 || table.first[sets] != draw.groups || !std::is_sorted(table.first, table.first + sets + 1)) {
        PyErr_SetString(PyExc_ValueError, "sets that do not fit");
        return nullptr;
    }
    table.member = buffers.read<int64_t>(member, draw.groups, "member");
    if (table.member == nullptr || !within(table.member, draw.groups, draw.groups, "member")) return nullptr;
    table.origin = buffers.read<int64_t>(origin, draw.groups, "origin");
    if (table.origin == nullptr || !within(table.origin, draw.groups, origins, "origin")) return nullptr;
    table.cost = buffers.read<uint16_t>(cost, origins * draw.places, "cost");
    if (table.cost == nullptr) return nullptr;
    const double* shares = buffers.read<double>(weights, lags * costs, "weights");
    if (shares == nullptr) return nullptr;
    double* all = buffers.write<double>(sent, sets * draw.places, "sent");
    if (all == nullptr) return nullptr;
    double* when = buffers.write<double>(by_lag, lags * sets * draw.places, "by_lag");
    if (when == nullptr) return nullptr;
    try {
        std::vector<double> room(8 * static_cast<size_t>(costs), 0.0), laid_out;
        table.weights = by_class(shares, lags, costs, table.padded, laid_out);
        Py_BEGIN_ALLOW_THREADS;
        variant->arriving(draw, going, table, room.data(), all, when);
        Py_END_ALLOW_THREADS;
    } catch (const std::bad_alloc&) {
        return PyErr_NoMemory();
    }
    Py_RETURN_NONE;
}

PyObject* send(PyObject*, PyObject* arguments) {
    PyObject *people, *of_rows, *of_places, *given;
    Ring ring;
    const char* name;
    if (!PyArg_ParseTuple(arguments, "sOOOnnnnO!", &name, &people, &of_rows, &of_places, &ring.slots, &ring.rows,
                          &ring.places, &ring.due, &PyTuple_Type, &given))
        return nullptr;
    const Variant* variant = module::chosen(variants(), name);
    if (variant == nullptr) return nullptr;
    const Py_ssize_t slots = ring.slots, rows = ring.rows, places = ring.places, count = PyTuple_Size(given);
    if (ring.due < 0 || ring.due >= slots || count > flows::MOST_SENDINGS) {
        PyErr_SetString(PyExc_ValueError, "slots or sendings that do not fit");
        return nullptr;
    }
    Buffers buffers;
    if ((ring.people = buffers.write<double>(people, slots * rows * places, "people")) == nullptr) return nullptr;
    if ((ring.of_rows = buffers.write<double>(of_rows, slots * rows, "of_rows")) == nullptr) return nullptr;
    if ((ring.of_places = buffers.write<double>(of_places, slots * places, "of_places")) == nullptr) return nullptr;
    Sending sendings[flows::MOST_SENDINGS];
    for (Py_ssize_t at = 0; at < count; ++at) {
        Sending& one = sendings[at];
        PyObject *going, *pace, *set;
        int by_place;
        if (!PyArg_ParseTuple(PyTuple_GetItem(given, at), "OpOnnO", &going, &by_place, &pace, &one.lags, &one.sets, &set))
            return nullptr;
        one.by_place = by_place != 0;
        if (one.lags > slots) {
            PyErr_SetString(PyExc_ValueError, "more lags than slots");
            return nullptr;
        }
        if ((one.going = buffers.read<double>(going, rows * (one.by_place ? places : 1), "going")) == nullptr) return nullptr;
        if ((one.pace = buffers.read<double>(pace, one.lags * one.sets * places, "pace")) == nullptr) return nullptr;
        one.set = buffers.read<int64_t>(set, rows, "set");
        if (one.set == nullptr || !within(one.set, rows, one.sets, "set")) return nullptr;
    }
    Py_BEGIN_ALLOW_THREADS;
    variant->send(ring, sendings, count);
    Py_END_ALLOW_THREADS;
    Py_RETURN_NONE;
}

PyObject* leave(PyObject*, PyObject* arguments) {
    PyObject *present, *key, *onward, *moved, *homeward, *returned, *way, *open, *on, *home;
    Py_ssize_t rows, places, keys, ways;
    const char* name;
    if (!PyArg_ParseTuple(arguments, "snnOOnOOOOOnOOO", &name, &rows, &places, &present, &key, &keys, &onward, &moved,
                          &homeward, &returned, &way, &ways, &open, &on, &home))
        return nullptr;
    const Variant* variant = module::chosen(variants(), name);
    if (variant == nullptr) return nullptr;
    Buffers buffers;
    Leaving leaving;
    leaving.rows = rows;
    leaving.places = places;
    if ((leaving.present = buffers.read<double>(present, rows * places, "present")) == nullptr) return nullptr;
    leaving.key = buffers.read<int64_t>(key, rows, "key");
    if (leaving.key == nullptr || !within(leaving.key, rows, keys, "key")) return nullptr;
    if ((leaving.onward = buffers.read<double>(onward, keys * places, "onward")) == nullptr) return nullptr;
    if ((leaving.moved = buffers.read<double>(moved, keys * places, "moved")) == nullptr) return nullptr;
    if ((leaving.homeward = buffers.read<double>(homeward, rows, "homeward")) == nullptr) return nullptr;
    if ((leaving.returned = buffers.read<double>(returned, rows, "returned")) == nullptr) return nullptr;
    leaving.way = buffers.read<int64_t>(way, rows, "way");
    if (leaving.way == nullptr || !within(leaving.way, rows, ways, "way")) return nullptr;
    if ((leaving.open = buffers.read<double>(open, ways * places, "open")) == nullptr) return nullptr;
    if ((leaving.on = buffers.write<double>(on, rows * places, "on")) == nullptr) return nullptr;
    if ((leaving.home = buffers.write<double>(home, rows * places, "home")) == nullptr) return nullptr;
    Py_BEGIN_ALLOW_THREADS;
    variant->leave(leaving);
    Py_END_ALLOW_THREADS;
    Py_RETURN_NONE;
}

// Names of the variants that this processor can run, the fastest first.
PyObject* available(PyObject*, PyObject*) { return module::names(variants()); }

PyMethodDef methods[] = {
    {"totals", totals, METH_VARARGS, "What draws each group in all."},
    {"pulled", pulled, METH_VARARGS, "What pulls people to each place."},
    {"prices", prices, METH_VARARGS, "What crowding and full places come to."},
    {"arriving", arriving, METH_VARARGS, "When those who set off arrive."},
    {"send", send, METH_VARARGS, "Put people on their way."},
    {"leave", leave, METH_VARARGS, "Who moves on and who goes home."},
    {"variants", available, METH_NOARGS, "Names of the variants this processor can run."},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_flows", "The compiled kernel of flows.", -1, methods, nullptr, nullptr, nullptr, nullptr,
};

}  // namespace

PyMODINIT_FUNC PyInit__flows() { return PyModule_Create(&definition); }
