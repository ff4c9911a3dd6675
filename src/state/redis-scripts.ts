// What has to happen in Redis in one step, as Lua. Keys are built inside from the prefix in ARGV[1]: one server (with replicas),
// not a Redis Cluster.

/** ARGV: prefix, token, grant, ttl, carrier id. */
export const PUT_TOKEN = `
local of = ARGV[1] .. 'token-of:' .. ARGV[5]
local old = redis.call('GET', of)
if old then redis.call('DEL', ARGV[1] .. 'token:' .. old) end
redis.call('SET', ARGV[1] .. 'token:' .. ARGV[2], ARGV[3], 'PX', ARGV[4])
redis.call('SET', of, ARGV[2], 'PX', ARGV[4])
return 1`;

/** ARGV: prefix, token. Returns the grant. */
export const TAKE_TOKEN = `
local grant = redis.call('GETDEL', ARGV[1] .. 'token:' .. ARGV[2])
if not grant then return false end
local of = ARGV[1] .. 'token-of:' .. cjson.decode(grant).party.carrierId
if redis.call('GET', of) == ARGV[2] then redis.call('DEL', of) end
return grant`;

/** ARGV: prefix, call id, carrier id, instance, call, ttl. */
export const ENLIST = `
local key = ARGV[1] .. 'call:' .. ARGV[2]
local before = redis.call('GET', key)
if before then
  local holder = cjson.decode(before).instance
  if holder ~= ARGV[4] then redis.call('HDEL', ARGV[1] .. 'calls-of:' .. holder, ARGV[2]) end
end
redis.call('SET', key, ARGV[5], 'PX', ARGV[6])
redis.call('SET', ARGV[1] .. 'call-of:' .. ARGV[3], ARGV[2], 'PX', ARGV[6])
redis.call('HSET', ARGV[1] .. 'calls-of:' .. ARGV[4], ARGV[2], ARGV[5])
redis.call('PEXPIRE', ARGV[1] .. 'calls-of:' .. ARGV[4], ARGV[6])
redis.call('SADD', ARGV[1] .. 'instances', ARGV[4])
redis.call('PEXPIRE', ARGV[1] .. 'instances', ARGV[6])
return 1`;

/** Lets go of a call if \`instance\` holds it. */
const REMOVE = `
local function remove(prefix, callId, instance)
  redis.call('HDEL', prefix .. 'calls-of:' .. instance, callId)
  local text = redis.call('GET', prefix .. 'call:' .. callId)
  if not text then return false end
  local call = cjson.decode(text)
  if call.instance ~= instance then return false end
  redis.call('DEL', prefix .. 'call:' .. callId)
  local of = prefix .. 'call-of:' .. call.carrierId
  if redis.call('GET', of) == callId then redis.call('DEL', of) end
  return text
end`;

/** ARGV: prefix, call id, instance. */
export const DELIST = `${REMOVE}
remove(ARGV[1], ARGV[2], ARGV[3])
return 1`;

/** ARGV: prefix. Returns the calls of the instances that are alive. */
export const LIVE = `
local found = {}
for _, instance in ipairs(redis.call('SMEMBERS', ARGV[1] .. 'instances')) do
  if redis.call('EXISTS', ARGV[1] .. 'alive:' .. instance) == 1 then
    for _, call in ipairs(redis.call('HVALS', ARGV[1] .. 'calls-of:' .. instance)) do found[#found + 1] = call end
  end
end
return found`;

/** ARGV: prefix, an id of either kind. */
export const FIND_LIVE = `
local text = redis.call('GET', ARGV[1] .. 'call:' .. ARGV[2])
if not text then
  local callId = redis.call('GET', ARGV[1] .. 'call-of:' .. ARGV[2])
  if callId then text = redis.call('GET', ARGV[1] .. 'call:' .. callId) end
end
if not text then return false end
if redis.call('EXISTS', ARGV[1] .. 'alive:' .. cjson.decode(text).instance) == 0 then return false end
return text`;

/** ARGV: prefix. Returns pairs of an instance and one of its calls. */
export const TAKE_DEAD = `${REMOVE}
local found = {}
for _, instance in ipairs(redis.call('SMEMBERS', ARGV[1] .. 'instances')) do
  if redis.call('EXISTS', ARGV[1] .. 'alive:' .. instance) == 0 then
    for _, callId in ipairs(redis.call('HKEYS', ARGV[1] .. 'calls-of:' .. instance)) do
      local text = remove(ARGV[1], callId, instance)
      if text then
        found[#found + 1] = instance
        found[#found + 1] = text
      end
    end
    redis.call('DEL', ARGV[1] .. 'calls-of:' .. instance)
    redis.call('SREM', ARGV[1] .. 'instances', instance)
  end
end
return found`;

/** ARGV: prefix, key, window in ms. */
export const HIT = `
local key = ARGV[1] .. 'count:' .. ARGV[2]
local count = redis.call('INCR', key)
if count == 1 then redis.call('PEXPIRE', key, ARGV[3]) end
return count`;

/** ARGV: prefix, key, whole number, ttl. Returns the sum. */
export const ADD = `
local key = ARGV[1] .. 'sum:' .. ARGV[2]
local sum = redis.call('INCRBY', key, ARGV[3])
redis.call('PEXPIRE', key, ARGV[4])
return sum`;

/** ARGV: prefix, room, who, most, ttl. Returns 1, or 0 when the room is full. Scores are when each place is lost. */
export const TAKE_PLACE = `
local room = ARGV[1] .. 'room:' .. ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', room, '-inf', now)
if not redis.call('ZSCORE', room, ARGV[3]) and redis.call('ZCARD', room) >= tonumber(ARGV[4]) then return 0 end
redis.call('ZADD', room, now + ARGV[5], ARGV[3])
if redis.call('PTTL', room) < tonumber(ARGV[5]) then redis.call('PEXPIRE', room, ARGV[5]) end
return 1`;

/** ARGV: prefix, line, who, ttl. Returns how many stand before. Scores give the order, the hash when each place is lost. */
export const STAND = `
local line = ARGV[1] .. 'line:' .. ARGV[2]
local untils = ARGV[1] .. 'line-until:' .. ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, who in ipairs(redis.call('ZRANGE', line, 0, -1)) do
  local kept = redis.call('HGET', untils, who)
  if not kept or tonumber(kept) <= now then
    redis.call('ZREM', line, who)
    redis.call('HDEL', untils, who)
  end
end
if not redis.call('ZSCORE', line, ARGV[3]) then
  local last = redis.call('ZREVRANGE', line, 0, 0, 'WITHSCORES')
  redis.call('ZADD', line, last[2] and last[2] + 1 or 0, ARGV[3])
end
redis.call('HSET', untils, ARGV[3], now + ARGV[4])
redis.call('PEXPIRE', line, ARGV[4])
redis.call('PEXPIRE', untils, ARGV[4])
return redis.call('ZRANK', line, ARGV[3])`;
