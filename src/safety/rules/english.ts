// The guard's built-in rules for English.
import { ENGLISH_EMERGENCY } from "./english-emergency.ts";
import { APART_ENGLISH } from "./emergencies-apart.ts";
import type { RuleBook } from "./rule-book.ts";

export const ENGLISH: RuleBook = {
  emergencyApart: APART_ENGLISH,
  emergency: ENGLISH_EMERGENCY,
  high: `
    {basement|cellar|house|kitchen|bathroom|apartment|flat|garage|office} {is|has|got|was} {completely|totally|} {flooded|flooding|under water|underwater}
    {somebody|someone} {has|is|} {used|using|stole|stolen|cloned} my {card|debit card|credit card|bank card|account|identity}
    {fever|temperature} of {a hundred|one hundred|over|39|40|41|102|103|104|105|thirty nine|forty|hundred}
    {heating|heater|furnace|boiler|power|electricity} {has|is|} {broken down|failed|gone out|out|broken} and
    {broke|broken} into {my|our} {car|shop|store|office|garage|shed}
    {been|got|was} {robbed|burgled|mugged|scammed|hacked}
    {it's|it is|is|very|really|quite|so|extremely|that's} urgent
    {urgent|urgently}
    {need|needs|want} {someone|somebody|help|a doctor|an appointment} {right now|immediately|right away|at once}
    pipe {burst|has burst|is leaking|broke}
    burst pipe
    {is|are} flooding
    {is|got|been} flooded
    water {is|} {pouring|running|gushing|streaming|coming|leaking} {through|out of|from|into|down} the
    water {leak|damage}
    {no|without} {heating|heat|power|electricity} {and|since|for|at all}
    power is out
    {card|cards|wallet|purse|phone|identity|passport} {was|were|has been|got|been|is} stolen
    stole my {card|wallet|purse|identity|phone|credit card|passport}
    {fraud|fraudulent|unauthorised|unauthorized} {on|charge|charges|transaction|transactions|payment|payments}
    been {hacked|scammed|defrauded|threatened|harassed|assaulted}
    hacked {my|our|into}
    {in|having|with|i have} {a lot of|so much|severe|terrible|awful|unbearable|extreme} pain
    {severe|terrible|unbearable|excruciating|awful} pain
    {very|really|so|extremely} high fever
    high fever
    {been|still|is|keeps|i'm|am} bleeding
    locked {out|in} {and|with|of my}
    {stuck|trapped} in {the|an} {elevator|lift}
    elevator is stuck
    {my|a|our} {lawyer|attorney|solicitor} about
    {sue|suing} {you|your}
    legal action
    {hearing|talking} from my {lawyer|attorney}
    {talk|speak} to my {lawyer|attorney|solicitor}
    harassing me
    water everywhere
    {it|this|that} {can't|cannot|can not|won't} wait
    {need|want} {this|it} {sorted|fixed|solved|done} {today|now|right now}
    charged {my|to my} {card|account}
    {to|on|from} my {card|account} and it {wasn't|was not} me
  `,
  person: `
    {have a word|have a chat|be speaking|chat} with {a|an|one of your|your|one of the|some|the} {person|human|colleague|colleagues|manager|supervisor|people|staff|team|agents|agent|boss}
    {like|want|need|prefer|get} {a|an|to have a} {real|live|actual} {person|human|human being|agent} {on|to|for|who|that|here|instead|now}
    {is there|are there|isn't there|got} {a|an|any|any other} {human|humans|human being|person|people} {there|here|around|available}
    {speak|talk} {to|with} {somebody|someone|anybody} {else|human|real|there|at|in|from}
    {speak|talk} {to|with} {a|an|the|another|some|your} {real|live|actual|human|living|proper|} {person|human|human being|agent|representative|rep|operator|manager|supervisor|receptionist|employee|staff member|member of staff|advisor|adviser|assistant manager|someone real|owner|boss|doctor|nurse|colleague|customer service|consultant|technician}
    {speak|talk} {to|with} {a|one of your|one of the} {people|humans|agents|colleagues|staff}
    {speak|talk} {to|with} {someone|somebody|anyone|anybody|customer service|customer support|support|reception|the front desk|the office|the staff|human|humans|person|real people|people}
    {want|need|get|give|prefer|rather have|have|find} {me|} {a|an|} {real|live|actual} {person|human|human being|agent|representative|operator}
    {want|need|get|give} {me|} a {human|human being|representative}
    {get|give} me {someone|somebody|a manager|your manager|your supervisor|the manager|an agent|an operator|a supervisor}
    {transfer|connect|put} me {to|through to|with|through|on to} {a|an|the|your|another|} {real|live|human|} {person|human|agent|representative|operator|manager|supervisor|department|office|reception|receptionist|colleague|customer service|customer support|support|sales|billing}
    {transfer|connect|put} me {to|through to|with|through|on to} {someone|somebody|anyone}
    put me through
    {like|want|need|ask} to be {transferred|connected|put through}
    {real|actual|live} {human|human being}
    {a real|an actual|a live} person
    {don't|do not} want {to talk to|to speak to|to speak with|to talk with|} {a|this|some|} {machine|robot|computer|bot|ai|recording|automated system}
    {talking|speaking} to a {machine|robot|computer|bot} {is|isn't|anymore}
    {any|any real|some} {humans|people} {i|we} {could|can} {talk|speak}
    {anyone|anybody|someone|somebody} {i|we} {could|can} {talk|speak}
    {is there|are there} {a human|a real person|anyone real|anyone human|any humans|anybody real}
    {human|person|agent|representative|operator} please
    {live|human} {agent|representative|operator}
    put {a|an|the|your} {human|person|manager|supervisor|agent|boss|actual person|real person} on the {phone|line}
    put {the|your} {manager|supervisor|boss} on
    get {your|the|a} {boss|manager|supervisor|owner} {on|to|for}
    {are you|is this} a {robot|machine|bot|computer|recording} i want
  `,
  uncertainty: `
    {got|have|getting} {that|this|it|me} {completely|all|totally|quite|} wrong
    are you {even|actually|really} {listening|there|hearing me|understanding}
    {misunderstood|misunderstand|misunderstanding|misheard} {me|what|my}
    {that's|this is|it's} not what i {asked|said|want|wanted|meant|mean|need|needed|am asking|was asking}
    not what {i|we} {asked|said|meant|wanted|want|am asking|was asking}
    {not|don't|didn't|do not|did not} {understanding|understand|get|hear|listen to|listening to} me
    you're not {understanding|listening|hearing|getting}
    {don't|do not|didn't} understand what {i'm|i am|i was|i} {saying|said|asking}
    {don't|do not} understand what {you're|you are} {saying|talking about|asking}
    {got|have|had|get} {it|that|this|me} wrong {again|}
    {that's|that is|it's} {wrong|not right|incorrect|not correct}
    already {told|said|gave|answered|explained}
    {this|that|it|you} {isn't|is not|are not|aren't} {helping|helpful}
    you're not helping
    {makes|make|making} no sense
    {doesn't|does not} make {any|} sense
    keep {asking|repeating|saying|telling}
    {asking|asked} me the same
    {going|talking|going round} in circles
    {this is|you are|you're} {useless|hopeless|pointless|no help}
    waste of {my|} time
    what are you talking about
    never mind {that|this|forget it}
    you don't {understand|get it}
    {that's|that is|this is|it's} not {it|right|correct}
    how many times do i {have|need}
  `,
  agentUncertainty: `
    {didn't|did not|couldn't|could not|don't|do not} {quite|} {catch|understand|hear|get} {that|you|what you said|your question|your request}
    {not|isn't} sure {i|what you} {understand|understood|mean|mean by}
    {not able|unable} to {help|answer|assist|do} {with|} {that|this|you}
    {can't|cannot|can not} {help|answer|assist} {you|} {with|} {that|this}
    {don't|do not} have {that|this|any|the} information
    {could|can|would} you {please|} {rephrase|say that again|repeat}
  `,
  agentAlarm: `
    sounds like {a|an} {medical|life threatening|real|serious|} emergency
    {this|that} is {a|an} {medical|life threatening|real|serious|} emergency
    {hang up|please hang up} and {call|dial} {911|999|112|an ambulance|emergency services|the emergency services} {now|immediately|right away|right now}
  `,
  wholeEmergency: `
    help
    help me
    help help
    help help me
    emergency
    ambulance
    911
    nine one one
    fire
    fire fire
    police
    call the police
    mayday
  `,
  wholePerson: `
    agent
    operator
    representative
    human
    person
    real person
    a person
    a human
    an agent
    customer service
    manager
    supervisor
    receptionist
    someone
    somebody
    zero
  `,
  harmless: `
    {nearly|almost|practically|about} {had|gave me|have|got} {a|} heart attack
    {gave|give|giving} me {a|nearly a|almost a} heart attack
    heart attack {grill|burger|sandwich}
    {died|dead|death|dying} of {a|an} {heart attack|stroke|overdose|suicide}
    {history|risk|risks|signs|symptoms|danger|fear} of {a|an|} {heart attack|heart attacks|stroke|strokes|suicide|overdose|chest pain|carbon monoxide}
    {prevent|avoid|preventing|avoiding} {heat stroke|heatstroke|hypothermia|anaphylaxis|seizures}
    electric shock {collar|collars|therapy}
    explosion {in|of} {demand|sales|popularity|price|prices|growth|flavor|flavour|colour|color}
    shot {me|us|him|her} {a|an} {email|message|text|note|look|quote}
    stroke of {luck|genius|midnight|fate}
    {had|have|has|having} a stroke of
    {treat|treating|treats} {people|patients|someone|} {with|for|who have|} {a|} {chest pain|chest pains|heart attack}
    {treat|treats|treating} {chest pain|chest pains}
    choking up
    {all|got|getting|is|am|i'm} choked up
    takes my breath away
    {dying|die|dead} {to|for|of} {know|try|see|hear|meet|laughter|laughing|curiosity|boredom|eat}
    to die for
    {is|was|that's|you're|had me|has me|have me} {dying|drowning} {laughing|to|in|of}
    drowning in {paperwork|work|emails|debt|bills|paper|laundry|homework}
    {i'm|am|is|are|we're} drowning in
    {kill|killing} for {a|some|an}
    suicide {prevention|squad|awareness|hotline|doors|note pad}
    fire {sale|exit|exits|drill|drills|insurance|alarm test|department is|station|works|place|wood|truck|stick|engine|safety|extinguisher|extinguishers|door|doors}
    fire department
    {on fire|fire} {today|tonight|lately} {ha|haha|lol}
    {is|are|was} on fire {with|today at|lately}
    smoke {alarm|alarms|detector|detectors|break|free|shop|machine}
    carbon monoxide {detector|detectors|alarm|alarms} {for|do|cost|price|please|in stock|installed|battery|batteries}
    {sell|buy|install|order|have|stock|need} {a|any|some|} carbon monoxide
    gas {station|bill|meter|stations|supplier|price|prices|cooker|stove}
    emergency {room|contact|contacts|exit|exits|department|fund|number|numbers|line|services number|plumber|service hours|appointment|appointments|training|kit|lighting|brake}
    {is|was} {an|your|this} emergency {line|number|room|contact|service}
    {if|unless|in case} {this|it|it's|there} {is|} {an|a medical|a real|a life threatening|a serious} emergency
    {is|have|got} an emergency {fund|contact|exit|kit|plan|line}
    first aid
    bomb {party|cyclone|bath}
    {photo|video|film|movie|email|text} {bomb|shoot}
    been shot {in|on|at} {location|film|4k|black}
    water damage {insurance|claim form|policy}
    {real estate|insurance|travel|estate|leasing|letting|booking|sales|property|purchasing|secret|free|press} {agent|agents|rep|representative}
    sales {rep|representative}
    {talk|speak} to {you|me|us} {later|soon|tomorrow|again}
    {person|people} in particular
    {not|isn't|no} urgent {at all|matter}
    {not|isn't|never} {an|} urgent
    {nothing|not anything|not so|not that|not very|not really|less} urgent
    urgent care {center|centre|clinic}
    been bleeding edge
    {already|just} said {thank|thanks|yes|goodbye|bye}
    {fraud|fraudulent} {protection|department|prevention}
    {my|a|our|your} lawyer {recommended|told|said|gave|is|friend|wife|husband|daughter|son}
    human {size|sized|resources|hair|nature|error|body|rights}
    per person
    can't wait {to|for|until}
  `,
  elsewhere: `
    {years|months|decades|weeks} ago
    {year|years} back
    last {year|summer|winter|spring|autumn|fall|century}
    {in|back in} {the|} {nineties|eighties|seventies}
    when {i|he|she|they|we} {was|were} {a|} {child|kid|kids|little|young|younger|children}
    in case of
    {in the event|in case} {of|there is|there's|somebody|someone|i have|we have|i need}
    what do you do if
    {movie|film|novel|tv show|episode|video game}
    no need {to|for}
    family history
    insurance {cover|covers|for|policy}
    {does|do} {my|your|the} {insurance|policy|plan}
    {drill|training|course|workshop|exercise} {on|for|this|last|next|about|is|was|today|tomorrow}
    {if|whether} you {treat|handle|cover|deal with|accept}
    do you {treat|handle|cover|deal with|accept|sell|offer|repair}
    back in
  `,
  strictNegators: `no`,
  negators: `not don't doesn't didn't isn't aren't wasn't weren't without never haven't hasn't hadn't won't wouldn't neither nor ain't`,
  between: `
    a an any the my of this that such really actually having have had has feeling feel experiencing experience getting get got been be being
    is it to need want wanna like trying try currently some sort kind in with so very
  `,
  negatorsAfter: ``,
  courtesies: `please hi hello hey um uh er just yes yeah ok okay stop now i said want need the a an oh god can could may have get me`,
};
