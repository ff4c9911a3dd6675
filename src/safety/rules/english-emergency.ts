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
    {can't|cannot|can not|can hardly|can barely|couldn't|unable to} {really|even|catch my|catch his|catch her|get any|get enough|properly|get} {breathe|breath|air}
    {can't|cannot|couldn't|not able to|unable to} wake {him|her|them|my|the|our}
    {unresponsive|lifeless|knocked out|out cold|blacked out|blacking out|passing out|foaming at the mouth}
    {heart|pulse|breathing} {has|just|} stopped
    {no|can't find a|don't feel a|can't feel a} {pulse|heartbeat}
    {shaking|jerking|twitching} {uncontrollably|violently|all over}
    {eyes|eye} {are|is|have|} {rolled|rolling} back
    having {convulsions|spasms|seizures|a miscarriage|contractions}
    {contractions are|miscarrying|baby is crowning|going into labor|going into labour}
    {she's|is|i'm|am} giving birth
    {had|having|has had|suffered|suffering} {a|some kind of|some sort of} {stroke|heart attack|seizure}
    {side|arm|leg|face|mouth} {is|has gone|went|feels|just went|goes|gone|suddenly} {numb|limp|crooked|paralyzed|paralysed|droopy}
    {can't feel|can't move|cannot feel|cannot move} {my|his|her} {face|arm|arms|leg|legs|hand|left|right|body|feet}
    {words|speech} {are|is|were} {coming out|getting|all} {funny|wrong|slurred|jumbled|garbled|strange}
    slurring {his|her|my|their|}
    {goes|gone|going|went} into {shock|anaphylactic|cardiac|a coma|a seizure}
    {anaphylaxis|diabetic coma|insulin shock|heat stroke|heatstroke|hypothermia}
    {throat|tongue|airway} {is|feels|keeps|has been} {closing|swelling|swollen|tightening|blocked}
    {stuck|caught|lodged} in {my|his|her|the baby's} throat
    bleeding {really|very|so|pretty|and it} {heavily|badly|a lot|bad|hard|fast|much|won't stop}
    {bleeding|blood} and {it|i} {won't stop|can't stop it}
    {bleeding|blood} {won't|doesn't|isn't|will not} {stop|stopping}
    blood {is|} {everywhere|all over|pouring|gushing|spurting|squirting}
    {losing|lost} too much blood
    {gushing|spurting} blood
    {throwing|spitting|peeing} up blood
    {cut off|chopped off|sliced off|severed} {my|his|her|a} {finger|fingers|thumb|hand|arm|leg|foot|toe}
    {cut|chopped|sliced} {my|his|her} {finger|fingers|thumb|hand|toe} off
    bone {is|} sticking out
    {broke|broken|snapped} {my|his|her} {neck|spine|skull}
    {${WHO}} {fell|has fallen|just fell|jumped} {off|from|out of} {a|the|our|his|her} {roof|ladder|balcony|window|bridge|scaffold|scaffolding|tree|building}
    {hit|cracked} {my|his|her} head {and|on|really}
    {hit|struck|knocked down} by {a|an} {car|truck|bus|train|van|motorcycle|motorbike|tram|lorry}
    struck by lightning
    electric shock
    {pinned|crushed|trapped} {under|beneath|underneath}
    buried alive
    {on the floor|on the ground|in the pool|in the water|in the bath|in the bathtub} {and|} {not moving|face down|not breathing|isn't moving|not responding}
    {face down|underwater|under the water|under water} {in|and|he|she}
    {went|gone|fell} {under|through} the {water|ice}
    {almost|nearly|is|was|has|just|kid|} drowned
    {took|taken|swallowed|ate|drank|downed|swallowing|taking} {the|a|an|my|his|her} {whole|entire|full} {bottle|box|pack|packet|strip}
    {took|taken|swallowed} {all|all of|a bunch of|a handful of|a load of|a lot of} {my|his|her|the|} {pills|tablets|painkillers|sleeping pills}
    too much {insulin|fentanyl|heroin|medication|paracetamol|tylenol|morphine|oxycodone|medicine}
    od'd
    {drank|swallowed|ate|eaten|drunk|drinking} {some|the|a bottle of|a cup of|} {gasoline|petrol|rat poison|weed killer|lye|cleaning fluid|cleaner|nail polish remover|methanol|ammonia}
    {bitten|bit} by a {snake|rattlesnake|viper|cobra|shark}
    snake bit
    {hang|hanging|shoot|shooting|drown|drowning|stab} {myself|himself|herself}
    {jump|jumping|going to jump|about to jump} {off|from} {a|the|this} {bridge|roof|building|balcony|cliff}
    {wish|wished} {i|she|he} {was|were} dead
    {nothing|not anything} {left|} to live for
    {isn't|is not|ain't|not} worth living
    end it all
    {suicide|goodbye} note
    {do not|don't} {really|even|just} want to {be here|live|be alive|exist|wake up}
    {do not|don't} want to {exist|be here any more|be here any longer|wake up anymore|wake up any more}
    {threatening to|wants to|trying to|tried to} {kill|shoot|stab|strangle|rape|murder} {me|us|her|him|them|somebody|someone|people}
    {going to|gonna|will} {shoot|stab|strangle|rape|murder} {me|us|her|him|them|somebody|someone|people}
    {hitting|beating|punching|kicking|choking|strangling|attacking|threatening|stabbing} {me|us|him|her|them|somebody|someone|people|my wife|my husband|my mom|my mother|my son|my daughter|my kids|my dad|my brother|my sister|my child|my friend}
    {attacked|stabbed|shot|strangled|raped|choked} {me|us|him|her|them|somebody|someone|people|my wife|my husband|my mom|my mother|my son|my daughter|my kids|my dad|my brother|my sister|my child|my friend}
    {beat|beats|beaten} {me|us|him|her|them} up
    {gunshot|gunshots|gunfire|shots fired|sexually assaulted|abducted|kidnapped}
    shooting at {me|us|people|him|her|them}
    {got|been|was|has been|is} {stabbed|kidnapped|raped|abducted|electrocuted|poisoned}
    {i|${WHO}} {was|got|has been|just got} shot
    {someone|somebody|a man|a guy|a stranger|he|he's|a car} {is|keeps|has been|} {following|chasing|stalking|coming after} {me|us|her}
    coming at {me|us|her} {with|and}
    {she|he|they} {is|are|} coming at {me|us}
    {he's|she's|they're} coming at {me|us}
    {has|took|taken|taking|holding} {a|us|them|my|} {hostage|hostages}
    {break|breaking|broke|kicking|kick|smash|smashing|force|forcing} {in through|down|in} {the|my|our} {door|front door|back door|window}
    {trying|tries|tried} to {break in|break into|get into my|get in through|kick in|force the}
    {fire|flames} {is|are|} {everywhere|spreading|all over|getting bigger}
    {up in|in} flames
    {exploded|blew up|explosion} {in|and|at|near|next}
    {was|been|heard|is} {an explosion|a huge explosion|a big explosion}
    {stove|oven|dryer|pan|curtain|curtains|engine|couch|mattress|carpet|kitchen|laptop|battery} {just|has|} {caught fire|is burning|is smoking}
    {gas|gas is} {leaking|escaping|everywhere}
    {strong|funny|awful} {smell|odor|odour} of gas
    gas smell
    {there's been|there has been|there was just|just been in|we just had|we've had|i've had|i just had} {a|an} {bad|terrible|serious|horrible|car|big|huge|awful|} {accident|crash|wreck}
    {we|i|car|bus|he|she|truck} {just|has|} crashed into
    {flipped|rolled} over and
    {baby|child|kid|toddler|dog} {is|got|} {locked|trapped} in {the|a|my|our} {car|hot car}
    {burned|burnt|scalded} {himself|herself|myself} {badly|really|all over|with boiling}
    boiling {water|oil} {on|over|all over} {my|his|her|the baby}
    feel {like|} {i'm|i am} {dying|going to die|passing out|fainting|going to faint|about to}
    {feel|feeling|felt} {faint|like dying|like passing out}
    {he's|she's|grandma's|grandpa's|isn't|not} {suddenly|really|very|all} confused and {can't|slurring|doesn't|isn't}
`;
