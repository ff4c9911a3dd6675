// The guard's built-in rules for English emergencies; everything else of English is in english.ts.

/** Who may be meant where the same is said of machines: "he isn't responding", but not "the app". */
const WHO =
  "he|she|they|baby|son|daughter|mom|mum|mother|dad|father|husband|wife|kid|child|friend|brother|sister|boy|girl|" +
  "grandma|grandpa|grandmother|grandfather|man|woman|guy|patient|partner|neighbor|neighbour|somebody|someone";

export const ENGLISH_EMERGENCY = `
    chest {pain|pains}
    {pain|pressure|tightness|tight|pains} {in|on} {my|his|her|the} chest
    chest {feels|is|feels really|is really|feels so|is so} {tight|heavy}
    crushing {pressure|pain|chest}
    heart attack
    cardiac arrest
    {having|has|had|have} a stroke
    {it's|this is|is this|it is} a stroke
    face is {drooping|hanging}
    {speech is|words are} {slurred|slurring}
    slurred speech
    can't move {one|the left|the right|his left|his right|her left|her right|my left|my right} {side|arm}
    {can't|cannot|can not|can hardly|can barely|could not|couldn't|unable to} breathe
    {trouble|difficulty|hard time|problems} breathing
    hard to breathe
    short of breath
    gasping for {air|breath}
    {not|isn't|is not|stopped|no longer|barely|hardly|quit} breathing
    throat is {closing|swelling}
    {lips|tongue|throat|face} {are|is} swelling
    anaphylactic {shock|reaction}
    {severe|bad|serious} allergic reaction
    {is|she's|he's|I'm|i'm|am|baby's|was|are} choking
    choking on
    unconscious
    {${WHO}} {isn't|is not|won't|not|doesn't|does not} {responding|waking up|wake up|respond}
    {he's|she's|they're} not {responding|waking up}
    {passed out|fainted|collapsed|has collapsed|lost consciousness}
    {having|has|had} a seizure
    having a fit
    {seizing|convulsing}
    {won't|doesn't|can't|does not|will not} stop bleeding
    {can't|cannot|can not} stop the bleeding
    bleeding {out|heavily|badly|a lot|to death|everywhere|from the head|profusely}
    {so much|lots of|losing a lot of|lost a lot of|a lot of|losing} blood
    coughing up blood
    vomiting blood
    {overdosed|overdosing|overdose}
    {took|taken|swallowed|swallowing} too many {pills|tablets}
    {swallowed|drank|ate|drunk|swallowing} {bleach|poison|drain cleaner|detergent|antifreeze|a battery|the pills|pills|some pills|chemicals}
    {poisoned|been poisoned|got poisoned}
    been {stabbed|shot|hit by a car|run over|electrocuted|raped|attacked|beaten up}
    {got|was just|was} {stabbed|electrocuted|hit by a car|run over}
    {badly|seriously|severely} {hurt|injured|burned|burnt}
    {people|somebody|someone} {are|is} {hurt|injured|dying|dead|trapped|drowning}
    {terrible|serious|bad} accident
    {${WHO}} {is|are} {drowning|dying|bleeding to death}
    {i'm|i am|he's|she's|they're} {drowning|dying|bleeding to death}
    {in labor|in labour|baby is coming|water broke|waters broke}
    kill {myself|himself|herself|themselves}
    killing myself
    {end|take|taking|ending} my {own|} life
    {suicide|suicidal}
    {don't|do not} want to {live|be alive|be here} anymore
    {don't|do not} want to {live|be alive}
    {want|wanna|going} to die
    {hurt|harm|cut|hurting|harming|cutting} myself
    better off dead
    {house|home|kitchen|apartment|building|car|office|flat|garage|bed|roof|store|shop|room} is {on fire|burning}
    {is|are|it's|caught|catching} on fire
    there's a fire
    there is a fire
    fire in {my|the|our} {house|home|kitchen|apartment|building|car|office|flat|garage|basement|store|shop}
    smoke coming {out|from}
    {full of|lots of|so much} smoke
    {smell|smelling|smells like|smell of|smelled} gas
    gas leak
    carbon monoxide
    {breaking|broken} {in|into} {my|our|the} {house|home|apartment|flat}
    {someone|somebody} {is|} {breaking|trying to break} in
    {someone|somebody|a man|an intruder|a stranger|a burglar|someone's|somebody's} {is|} in my {house|home|apartment|flat}
    {has|have|got|with|pulled|pointing} a {gun|knife|weapon|rifle}
    {holding|held} me {hostage|at gunpoint}
    {is|he's|she's} {hitting|beating|strangling|attacking|choking} {me|us|her|him|my}
    {going|threatening|threatens|threatened|trying} to kill {me|us|her|him}
    being {attacked|robbed|followed|held hostage|beaten|kidnapped}
    active shooter
    bomb {threat|in}
    {call|send|need|get|calling|sending} {an|the|me an|us an|for an|for the|} ambulance
    {call|calling|dial|dialing|called} {911|999|112|nine one one|nine nine nine|9 1 1|the paramedics|the fire department|the fire brigade}
    {call|need|send|get|calling} the {police|cops}
    {is|it's|have|got|there's} {an|a medical|a real|a life threatening|a serious} emergency
    medical emergency
    life {or|and} death
    {help me|somebody help|someone help} {i'm dying|he's dying|she's dying|please hurry}
    {turned|turning|going} blue
    {gone|went|going|is} {all|completely|totally|} limp
    {dropped|fell|fallen|slumped|collapsed} to the {floor|ground}
    puffing up
    can {barely|hardly} {talk|breathe|speak|move|stand}
    can't {swallow|talk|speak|move|feel my legs|get up} {properly|anymore|at all}
    {flames|fire} {coming|shooting} {out|from|up}
    {don't|do not|can't} see {a|any} {reason|point} {to|in} {go on|going on|live|living}
    no {reason|point} {to live|in living|to go on|in going on}
    can't go on {anymore|any more|like this|living}
    no pulse
    {someone|somebody|a man|people} {is|} {downstairs in|upstairs in|in} {my|the|our} house
    water {just|} broke
    {cut|slit|slashed} {her|his|my|their} {wrist|wrists|throat}
    at my door with a
    chest {hurts|is hurting|aches|is aching|is killing me|feels like}
    {about|going|gonna} to {pass out|faint|collapse}
    {stinks|reeks} of gas
    {smells|stinks|reeks} {of|like} {smoke|burning}
    can't get out of the {car|house|building|apartment|flat|room|water|elevator|lift}
    {we|they} can't get out
    trapped {inside|under|in here}
    {${WHO}} {isn't|is not|won't|not|doesn't} {moving|move}
    {he's|she's|they're} not moving
    {no longer|not} conscious
    {i think|i'm afraid|i feel like} {he's|she's|i'm|they're} dying
    stuck in the car and {bleeding|hurt|injured|unconscious}
    {drank|ate|swallowed} something {poisonous|toxic}
`;
